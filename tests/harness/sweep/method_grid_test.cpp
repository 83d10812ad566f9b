#include "harness/sweep/method_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sweep {
namespace {

using base::Json;

std::vector<std::string> names(const std::vector<Method>& methods) {
  std::vector<std::string> out;
  for (const Method& method : methods) out.push_back(method.name);
  return out;
}

std::vector<std::string> problems_of(const char* chain) {
  base::Problems problems;
  expand_grid("m", Json::parse(chain), "/methods/m", problems);
  std::vector<std::string> out;
  for (const base::Problem& problem : problems.found()) {
    out.push_back(problem.place + ": " + problem.cause);
  }
  return out;
}

TEST(MethodGrid, AChainWithoutAGridIsOneMethodOfItsName) {
  base::Problems problems;
  const Json chain = Json::parse(R"([{"type": "yarn", "factor": 4}])");
  EXPECT_EQ(expand_grid("yarn", chain, "", problems), (std::vector<Method>{{"yarn", "", chain}}));
}

TEST(MethodGrid, ExpandsEveryValueIntoAMethodOfItsOwn) {
  base::Problems problems;
  const auto methods =
      expand_grid("yarn", Json::parse(R"([{"type": "yarn", "factor": {"grid": [2, 4.0, 2.5]}}])"),
                  "", problems);
  EXPECT_THAT(names(methods),
              testing::ElementsAre("yarn[factor=2]", "yarn[factor=4]", "yarn[factor=2.5]"));
  EXPECT_EQ(methods[2].chain, Json::parse(R"([{"type": "yarn", "factor": 2.5}])"));
  EXPECT_EQ(methods[2].grid, "yarn");
}

TEST(MethodGrid, NamesAFractionByTheFewestDigits) {
  base::Problems problems;
  EXPECT_THAT(names(expand_grid("p", Json::parse(R"([{"type": "proportional", "fraction":
                  {"grid": [0.1, 0.7, 1e-7, 0.30000000000000004]}}])"),
                                "", problems)),
              testing::ElementsAre("p[fraction=0.1]", "p[fraction=0.7]", "p[fraction=1e-07]",
                                   "p[fraction=0.30000000000000004]"));
}

TEST(MethodGrid, SeveralGridsGiveTheirProduct) {
  base::Problems problems;
  const auto methods = expand_grid("both", Json::parse(R"([
      {"type": "yarn", "factor": {"grid": [2, 4]}},
      {"type": "dual_chunk", "chunk": {"grid": [3072, 2048]}, "local": 512}])"),
                                   "", problems);
  EXPECT_THAT(names(methods),
              testing::ElementsAre("both[factor=2,chunk=3072]", "both[factor=2,chunk=2048]",
                                   "both[factor=4,chunk=3072]", "both[factor=4,chunk=2048]"));
}

TEST(MethodGrid, RefusesWhatIsNoGrid) {
  EXPECT_THAT(
      problems_of(R"([{"type": "yarn", "factor": {"grid": []}}])"),
      testing::ElementsAre("/methods/m/0/factor/grid: must be a list of at least one value"));
  EXPECT_THAT(problems_of(R"([{"type": "yarn", "factor": {"grid": [2, {"grid": [3]}]}}])"),
              testing::ElementsAre("/methods/m/0/factor/grid: a grid inside a grid"));
  EXPECT_THAT(
      problems_of(R"([{"type": "longrope", "short_factor": [1, {"grid": [3]}]}])"),
      testing::ElementsAre("/methods/m/0/short_factor: a grid stands only as the whole value "
                           "of a parameter"));
  EXPECT_THAT(problems_of(R"([{"type": "yarn", "factor": {"grid": [2], "step": 1}}])"),
              testing::ElementsAre("/methods/m/0/factor/step: unknown key"));
}

}  // namespace
}  // namespace sweep
