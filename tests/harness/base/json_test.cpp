#include "harness/base/json.h"

#include <gtest/gtest.h>

namespace base {
namespace {

std::vector<std::string> messages(const Problems& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems.found()) {
    out.push_back(problem.place + ": " + problem.cause +
                  (problem.next_step.empty() ? "" : "; " + problem.next_step));
  }
  return out;
}

using Messages = std::vector<std::string>;

TEST(ParseJson, ReportsEveryDuplicateKeyWithItsPath) {
  Problems problems;
  parse_json(R"({"a": 1, "b": [{"c": 1, "c": 2}], "a": 3})", "x.json", problems);
  EXPECT_EQ(messages(problems), (Messages{"/b/0/c: duplicate key; keep one of the two",
                                          "/a: duplicate key; keep one of the two"}));
}

TEST(ParseJson, TheSameKeyInSiblingObjectsIsNoDuplicate) {
  EXPECT_NO_THROW(parse_json(R"([{"c": 1}, {"c": 2}, {"d": {"c": 1}, "c": 2}])", "x.json"));
}

TEST(ParseJson, RefusesAValueNestedTooDeepToWalk) {
  const auto nested = [](size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(canonical_json(parse_json(nested(256), "x.json")), nested(256));
  try {
    parse_json(nested(1'000'000), "x.json");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    EXPECT_EQ(std::string(error.what()), "x.json: nested deeper than 256 levels");
  }
}

TEST(ParseJson, NamesLineAndColumnOfASyntaxError) {
  try {
    parse_json("{\n  \"a\": ,\n}", "x.json");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    EXPECT_EQ(std::string(error.what()).rfind("x.json: line 2, column 8: not JSON: ", 0), 0u)
        << error.what();
  }
}

TEST(CanonicalJson, WritesOneTextForOneValue) {
  EXPECT_EQ(canonical_json(Json::parse(R"({"b": 8.0, "a": [8, 0.1, true, null, "x"]})")),
            R"({"a":[8,0.10000000000000001,true,null,"x"],"b":8})");
  EXPECT_EQ(canonical_json(Json(8)), canonical_json(Json(8.0)));
  EXPECT_NE(canonical_json(Json(8)), canonical_json(Json(8.000000001)));
  EXPECT_THROW(canonical_json(Json(std::numeric_limits<double>::quiet_NaN())),
               std::invalid_argument);
}

TEST(StrictObject, CollectsAllProblemsInOneReading) {
  const Json value = Json::parse(
      R"({"factor": 0.5, "name": 3, "count": 2.5, "kind": "c", "list": [1, "x"], "fator": 1})");
  Problems problems;
  StrictObject object(value, "/m", problems);
  object.number("factor", Bounds::at_least(1));
  object.text("name");
  object.integer("count", 1, 10);
  object.choice("kind", {"a", "b"});
  object.numbers("list", Bounds{});
  object.boolean("flag");
  object.finish();
  EXPECT_EQ(messages(problems),
            (Messages{"/m/factor: must be >= 1 (got 0.5)", "/m/name: must be a string (got 3)",
                      "/m/count: must be an integer (got 2.5)",
                      "/m/kind: must be one of a, b (got \"c\")",
                      "/m/list/1: must be a finite number (got \"x\")", "/m/flag: missing",
                      "/m/fator: unknown key; did you mean \"factor\"?"}));
}

TEST(StrictObject, TakesWholeNumbersHoweverTheyAreWritten) {
  const Json value = Json::parse(R"({"a": 8.0, "b": 8, "c": 1e300})");
  Problems problems;
  StrictObject object(value, "", problems);
  EXPECT_EQ(object.integer("a", 0, 10), 8);
  EXPECT_EQ(object.integer("b", 0, 10), 8);
  object.integer("c", 0, 10);
  EXPECT_EQ(messages(problems), (Messages{"/c: must be an integer (got 1e+300)"}));
}

TEST(StrictObject, EscapesKeysInPaths) {
  Problems problems;
  const Json value = Json::object();
  EXPECT_EQ(StrictObject(value, "", problems).at("a/b~c"), "/a~1b~0c");
}

}  // namespace
}  // namespace base
