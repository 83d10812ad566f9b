#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "harness/cli/verbs.h"
#include "tests/support/error_text.h"

namespace cli {
namespace {

using nlohmann::json;

std::string show(std::vector<std::string> arguments) {
  CLI::App app;
  int status = 0;
  add_show(app, status);
  arguments.insert(arguments.begin(), "show");
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  testing::internal::CaptureStdout();
  try {
    app.parse(arguments);
  } catch (...) {
    testing::internal::GetCapturedStdout();
    throw;
  }
  return testing::internal::GetCapturedStdout();
}

std::string error_of(const std::vector<std::string>& arguments) {
  return tests::error_text([&] { show(arguments); });
}

TEST(Show, GivesScriptsThePlan) {
  const auto made =
      json::parse(show({"--head-dim", "4", "--length", "8", "--trained", "4", "--method",
                        R"([{"type": "rerope", "window": 2}])", "--query", "3", "7", "--json"}));
  EXPECT_EQ(made.size(), 5u);
  EXPECT_EQ(made.at("method"), json::parse(R"([{"type": "rerope/1", "window": 2, "log_n": true,
                                                "original_length": null}])"));
  EXPECT_EQ(made.at("inv_freq"), json({1.0, 0.01}));
  EXPECT_EQ(made.at("magnitude"), 1.0);
  EXPECT_EQ(made.at("gain").size(), 8u);
  EXPECT_EQ(made.at("gain")[7], 1.5);
  EXPECT_EQ(made.at("distances"), json::parse(R"({"3": [2, 2, 1, 0],
                                                  "7": [2, 2, 2, 2, 2, 2, 1, 0]})"));
}

TEST(Show, WritesNullWhereAKeyIsNotAttended) {
  const auto made =
      json::parse(show({"--head-dim", "4", "--length", "4", "--method",
                        R"([{"type": "sliding_window", "window": 2}])", "--query", "3", "--json"}));
  EXPECT_EQ(made.at("distances"), json::parse(R"({"3": [null, null, 1, 0]})"));
}

TEST(Show, KeepsEveryDigitOfAFrequency) {
  const auto made = json::parse(show({"--theta", "5000000", "--json"}));
  EXPECT_EQ(made.at("inv_freq").size(), 64u);
  EXPECT_EQ(made.at("inv_freq")[1].get<double>(), std::pow(5e6, -2.0 / 128));
}

TEST(Show, ListsBothSetsWhereFirstTokensTurnUnscaled) {
  const auto made = json::parse(
      show({"--head-dim", "2", "--length", "4", "--json", "--method",
            R"([{"type": "longrope", "factor": 2, "short_factor": [2], "long_factor": [2],
                 "unscaled_first_tokens": 1}])"}));
  EXPECT_EQ(made.at("inv_freq"), json::parse("[[1.0], [0.5]]"));
}

TEST(Show, PrintsATableOfPairsAndTheReach) {
  const std::string text = show({"--head-dim", "4", "--trained", "64", "--length", "128",
                                 "--method", R"([{"type": "linear", "factor": 2}])"});
  for (const char* line :
       {"   0         12.5664             0.5         5.09296              63.5\n",
        "   1         1256.64             0.5       0.0509296             0.635\n", "magnitude 1\n",
        "query 127: gain 1, distances\n  keys 0..127: 127 .. 0\n", "largest distance at 128: 127\n",
        "first length with a distance never trained on: 65\n",
        "limit stated by the method: 128 tokens\n", "fingerprint "}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

TEST(Show, PrintsWholeRowsWhereTheyAreShort) {
  const std::string text = show({"--head-dim", "4", "--length", "16", "--query", "13", "--method",
                                 R"([{"type": "lm_infinite", "window": 6, "global_tokens": 2}])"});
  EXPECT_NE(text.find("query 13: gain 1, distances 6 6 x x x x x x 5 4 3 2 1 0\n"),
            std::string::npos);
  EXPECT_NE(text.find("first length with a distance never trained on: none up to 1048576\n"),
            std::string::npos);
}

TEST(Show, RefusesAQueryBeyondTheLength) {
  EXPECT_EQ(error_of({"--length", "4", "--query", "4"}),
            "--query: must be in [0, 3] (got 4); raise --length");
}

TEST(Show, NamesTheOptionInWhichAMethodIsWrong) {
  EXPECT_EQ(error_of({"--method", R"([{"type": "yarn", "factor": 0}])"}),
            "--method: /0/factor: must be >= 1 (got 0)");
}

}  // namespace
}  // namespace cli
