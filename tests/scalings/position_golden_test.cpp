#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/base/sha256.h"
#include "tests/scalings/support.h"

// tests/goldens/positions holds n x n distances written from each paper's definition.
namespace scalings {
namespace {

namespace fs = std::filesystem;
using base::Json;

const fs::path positions = fs::path(ROPEWALK_SOURCE_DIR) / "tests/goldens/positions";

Json document(const fs::path& path) {
  return base::parse_json(base::read_file(path), path.filename().string());
}

RotaryPlan plan_of(const std::string& method, const Json& golden) {
  Json params = golden.at("params");
  params["type"] = method;
  const int64_t trained = golden.contains("log_n_gain")
                              ? golden.at("log_n_gain").at("trained_length").get<int64_t>()
                              : 4096;
  return make_plan(make_chain(Json::array({params}), method),
                   context(4, golden.at("n"), 10000, trained));
}

/// Thirds are not binary: w + (d - w) / 3 and the difference of two rulers may differ by rounding.
bool same(double actual, double wanted, bool is_exact) {
  return is_exact ? actual == wanted : std::abs(actual - wanted) <= 1e-12 * std::max(1.0, wanted);
}

bool is_exact(const std::string& method, const Json& golden) {
  const char* divisor = method == "leaky_rerope"          ? "factor"
                        : method == "self_extend_shifted" ? "group"
                                                          : nullptr;
  if (!divisor) return true;
  int exponent = 0;
  return std::frexp(golden.at("params").at(divisor).get<double>(), &exponent) == 0.5;
}

/// The first distance in which a plan differs from its golden, or "".
std::string difference(const RotaryPlan& plan, const std::string& method, const Json& golden) {
  for (const auto& [name, wanted] : golden.at("rows").items()) {
    const int64_t query = std::stoll(name);
    if (static_cast<int64_t>(wanted.size()) != query + 1) return "row " + name + " is not a row";
    for (int64_t key = 0; key <= query; ++key) {
      const auto actual = distance(plan, query, key);
      const Json& cell = wanted[static_cast<size_t>(key)];
      if (actual.has_value() == cell.is_null() ||
          (actual && !same(*actual, cell.get<double>(), is_exact(method, golden)))) {
        return "query " + name + " key " + std::to_string(key) + ": " + row(plan, query) +
               " instead of " + wanted.dump();
      }
    }
  }
  const Json hashes = golden.value("row_sha256", Json::array());
  for (size_t query = 0; query < hashes.size(); ++query) {
    const std::string actual = row(plan, static_cast<int64_t>(query));
    if (base::sha256_hex(actual) != hashes[query].get<std::string>())
      return "the hash of row " + actual;
  }
  return "";
}

TEST(PositionGoldens, AgreeWithEveryPlan) {
  int64_t compared = 0;
  for (const auto& entry : fs::directory_iterator(positions)) {
    if (entry.path().extension() != ".json") continue;
    const Json file = document(entry.path());
    const std::string method = file.at("method");
    for (const Json& golden : file.at("cases")) {
      const RotaryPlan plan = plan_of(method, golden);
      const std::string where =
          entry.path().stem().string() + golden.at("params").dump() + " n " + golden.at("n").dump();
      EXPECT_EQ(difference(plan, method, golden), "") << where;
      EXPECT_TRUE(same(largest_distance(plan), golden.at("max_distance"), is_exact(method, golden)))
          << where << ": " << largest_distance(plan);
      EXPECT_EQ(plan.magnitude, golden.value("magnitude", 1.0)) << where;
      if (golden.contains("log_n_gain")) {
        const Json& gain = golden.at("log_n_gain");
        for (size_t i = 0; i < gain.at("at").size(); ++i) {
          EXPECT_NEAR(plan.gain[gain.at("at")[i].get<int64_t>()], gain.at("value")[i], 1e-14)
              << where;
        }
      } else {
        EXPECT_TRUE((plan.gain == 1).all()) << where;
      }
      ++compared;
    }
  }
  EXPECT_GE(compared, 250);
}

TEST(PositionGoldens, CoverEveryMethodThatSetsPositions) {
  for (const Method& method : catalog()) {
    if (!(method.edits & Part::positions)) continue;
    EXPECT_TRUE(fs::exists(positions / (std::string(method.name) + ".json"))) << method.name;
  }
}

TEST(PositionGoldens, CatchAWindowThatIsOneTokenTooWide) {
  for (const char* method : {"self_extend", "rerope", "lm_infinite", "streaming", "sliding_window",
                             "llama_cpp_self_extend"}) {
    const Json file = document(positions / (std::string(method) + ".json"));
    int64_t caught = 0;
    for (Json golden : file.at("cases")) {
      Json& params = golden.at("params");
      params["window"] = params.at("window").get<int64_t>() + params.value("group", int64_t{1});
      if (!difference(plan_of(method, golden), method, golden).empty()) ++caught;
    }
    EXPECT_GE(caught, 5) << method;
  }
}

}  // namespace
}  // namespace scalings
