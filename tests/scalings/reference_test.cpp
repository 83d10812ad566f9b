#include <gtest/gtest.h>

#include <cmath>

#include "tests/scalings/reference_tables.h"
#include "tests/scalings/support.h"

namespace scalings {
namespace {

constexpr double five_digits = 5e-5;
constexpr double nine_digits = 5e-9;

const Eigen::ArrayXd& only_set(const RotaryPlan& plan) { return plan.inv_freq.at(0); }

std::string longrope(std::string_view factors, std::string_view long_factors, double factor) {
  const auto list = [](std::string_view text) { return nlohmann::json(numbers(text)); };
  return nlohmann::json::array({{{"type", "longrope"},
                                 {"factor", factor},
                                 {"short_factor", list(factors)},
                                 {"long_factor", list(long_factors)}}})
      .dump();
}

struct Table {
  const char* chain;
  Context context;
  std::string_view expected;
  double tolerance;
};

TEST(PublishedTables, AreReproducedToTheirLastDigit) {
  const Table tables[] = {
      {"[]", context(128, 1, 10000, 2048), reference::transformers_default, five_digits},
      {R"([{"type": "dynamic_ntk", "factor": 10}])", context(128, 16384, 10000, 2048),
       reference::transformers_dynamic, five_digits},
      {R"([{"type": "yarn", "factor": 10}])", context(128, 1, 10000, 2048),
       reference::transformers_yarn, five_digits},
      {R"([{"type": "llama3", "factor": 10}])", context(128, 1, 10000, 2048),
       reference::transformers_llama3, five_digits},
      {"[]", context(64, 1), reference::plain_64, nine_digits},
      {"[]", context(64, 1, 500000), reference::plain_64_500000, nine_digits},
      {R"([{"type": "llama3", "factor": 32}])", context(64, 1, 500000, 8192),
       reference::llama3_2_1b, nine_digits},
      {R"([{"type": "llama3"}])", context(128, 1, 500000, 8192), reference::llama3_1_8b,
       nine_digits},
      {R"([{"type": "yarn", "factor": 8}])", context(64, 1, 10000, 2048), reference::yarn_tinyllama,
       nine_digits},
      {R"([{"type": "ntk_by_parts", "factor": 8}])", context(64, 1, 10000, 2048),
       reference::by_parts_paper, nine_digits},
      {R"([{"type": "ntk", "factor": 8}])", context(64, 1), reference::ntk_64, nine_digits},
      {R"([{"type": "dynamic_ntk", "factor": 4}])", context(64, 8192, 10000, 2048),
       reference::dynamic_64, nine_digits},
      {R"([{"type": "yarn", "factor": 32, "truncate": false}])", context(64, 1, 150000, 4096),
       reference::yarn_gpt_oss, nine_digits},
      {R"([{"type": "cope", "pairs": 20}])", context(64, 1), reference::cope_64, nine_digits},
  };
  for (const Table& table : tables) {
    EXPECT_LE(relative_error(only_set(plan(table.chain, table.context)), numbers(table.expected)),
              table.tolerance)
        << table.chain;
  }
}

struct Spot {
  const char* chain;
  int64_t pair;
  double expected;
};

TEST(SpotValues, OfLlama2StretchedByEightAreThoseOfTheReference) {
  const Spot spots[] = {
      {R"([{"type": "linear", "factor": 8}])", 8, 0.0395284708},
      {R"([{"type": "linear", "factor": 8}])", 63, 1.44347748e-05},
      {R"([{"type": "ntk", "factor": 8}])", 16, 0.0589717224},
      {R"([{"type": "ntk", "factor": 8}])", 56, 4.98027524e-05},
      {R"([{"type": "yarn", "factor": 8}])", 17, 0.0865964323},
      {R"([{"type": "yarn", "factor": 8}])", 32, 0.00596153846},
      {R"([{"type": "yarn", "factor": 8}])", 41, 0.00080309422},
      {R"([{"type": "yarn", "factor": 8}])", 48, 0.000125},
      {R"([{"type": "yarn", "factor": 8, "truncate": false}])", 24, 0.0281120808},
      {R"([{"type": "yarn", "factor": 8, "truncate": false}])", 40, 0.000972857759},
      {R"([{"type": "ntk_by_parts", "factor": 8}])", 24, 0.0214606337},
      {R"([{"type": "ntk_by_parts", "factor": 8}])", 40, 0.000490030521},
      {R"([{"type": "ntk_fixed", "factor": 8}])", 0, 0.968030897},
      {R"([{"type": "ntk_fixed", "factor": 8}])", 32, 0.00342250606},
      {R"([{"type": "ntk_mixed", "factor": 8}])", 0, 0.912197094},
      {R"([{"type": "ntk_mixed", "factor": 8}])", 32, 0.0028215161},
  };
  for (const Spot& spot : spots) {
    const double value = only_set(plan(spot.chain, context(128, 1)))[spot.pair];
    EXPECT_NEAR(value / spot.expected, 1, nine_digits) << spot.chain << " pair " << spot.pair;
  }
}

TEST(DynamicNtk, HasTheReferenceBases) {
  const struct {
    const char* factor;
    int64_t length;
    double theta;
  } bases[] = {{"1", 4096, 10000},       {"8", 4096, 10000},       {"1", 8192, 20221.2617},
               {"2", 8192, 30527.7367},  {"8", 8192, 93194.2711},  {"1", 16384, 40889.9424},
               {"8", 16384, 263105.261}, {"2", 32768, 156588.323}, {"1", 131072, 338096.946},
               {"8", 131072, 2717904.9}};
  for (const auto& base : bases) {
    const std::string json =
        std::string(R"([{"type": "dynamic_ntk", "factor": )") + base.factor + "}]";
    EXPECT_NEAR(plan(json, context(128, base.length)).theta / base.theta, 1, nine_digits) << json;
  }
}

TEST(CriticalBase, HasTheReferenceValues) {
  const auto theta = [](const char* json, const Context& at) { return plan(json, at).theta; };
  EXPECT_NEAR(theta(R"([{"type": "abf", "target_length": 32768}])", context(128, 1)) / 192144.46, 1,
              1e-7);
  EXPECT_NEAR(
      theta(R"([{"type": "abf", "target_length": 131072}])", context(128, 1, 500000, 8192)) /
          7.976e7,
      1, 1e-4);
}

TEST(Magnitude, HasThePublishedValues) {
  const auto yarn = [](const char* parameters) {
    return plan(std::string(R"([{"type": "yarn", )") + parameters + "}]", context(64, 1)).magnitude;
  };
  EXPECT_NEAR(yarn(R"("factor": 2)"), 1.0693147181, 1e-10);
  EXPECT_NEAR(yarn(R"("factor": 8)"), 1.2079441542, 1e-10);
  EXPECT_NEAR(yarn(R"("factor": 128)"), 1.4852030264, 1e-10);
  EXPECT_EQ(yarn(R"("factor": 8, "attention_factor": 0.5)"), 0.5);
  EXPECT_EQ(yarn(R"("factor": 40, "mscale": 1, "mscale_all_dim": 1)"), 1);
  EXPECT_NEAR(yarn(R"("factor": 40, "mscale": 1)"), 1.3688879454, 1e-10);
  EXPECT_NEAR(yarn(R"("factor": 40, "mscale": 1, "mscale_all_dim": 0)"), 1.3688879454, 1e-10);
}

TEST(LongRope, SwitchesListsStrictlyBeyondTheOriginalWindow) {
  const std::string json =
      longrope(reference::longrope_la2_4k_of_256k, reference::longrope_la2_256k, 64);
  const Eigen::ArrayXd plain = plain_frequencies(10000, 128);
  const auto divisors = [&](int64_t length) {
    return Eigen::ArrayXd(plain / only_set(plan(json, context(128, length))));
  };
  EXPECT_LE(relative_error(divisors(4096), numbers(reference::longrope_la2_4k_of_256k)), 1e-14);
  EXPECT_LE(relative_error(divisors(4097), numbers(reference::longrope_la2_256k)), 1e-14);
}

TEST(LongRope, HasThePublishedMagnitude) {
  const auto magnitude = [](double factor, const Context& at) {
    const auto list = reference::longrope_la2_128k;
    return plan(longrope(list, list, factor), at).magnitude;
  };
  EXPECT_NEAR(magnitude(32, context(128, 1)), 1.1902380714, 1e-10);
  EXPECT_NEAR(magnitude(10, context(128, 1, 10000, 2048)), 1.1410492817, 1e-10);
  EXPECT_NEAR(magnitude(8, context(128, 1)), 1.1180339887, 1e-10);
  EXPECT_EQ(magnitude(1, context(128, 1)), 1);
}

TEST(LongRope, LeavesTheFirstTokensUnscaledAsQueriesAndAsKeys) {
  std::string json = longrope("2 2", "4 4", 2);
  json.insert(json.size() - 2, R"(, "unscaled_first_tokens": 2)");
  const RotaryPlan made = plan(json, context(4, 4));
  const auto sets = [&](int64_t query, int64_t span) {
    const View& view =
        made.views[static_cast<size_t>(made.spans.row(query)[static_cast<size_t>(span)].view)];
    return std::pair{made.rulers[static_cast<size_t>(view.query)].frequencies,
                     made.rulers[static_cast<size_t>(view.key)].frequencies};
  };
  const int64_t plain = sets(0, 0).first;
  const int64_t scaled = 1 - plain;
  EXPECT_EQ(made.inv_freq[static_cast<size_t>(plain)][0], 1);
  EXPECT_EQ(made.inv_freq[static_cast<size_t>(scaled)][0], 0.5);
  EXPECT_EQ(sets(1, 0), std::pair(plain, plain));
  EXPECT_EQ(sets(3, 0), std::pair(scaled, plain));
  EXPECT_EQ(sets(3, 1), std::pair(scaled, scaled));
  EXPECT_EQ(row(made, 3), "3 2 1 0");
}

TEST(LogN, HasTheReferenceGains) {
  const RotaryPlan made = plan(R"([{"type": "log_n"}])", context(4, 200000));
  EXPECT_EQ(made.gain[0], 1);
  EXPECT_EQ(made.gain[4095], 1);
  EXPECT_NEAR(made.gain[8191], 1.083333333, 1e-9);
  EXPECT_NEAR(made.gain[199999], 1.46747004, 1e-8);
}

TEST(Temperature, HasTheReferenceGainsOfLlama4) {
  const RotaryPlan made = plan(R"([{"type": "temperature"}])", context(4, 200000));
  EXPECT_EQ(made.gain[8190], 1);
  EXPECT_NEAR(made.gain[8191], 1.069314718, 1e-9);
  EXPECT_NEAR(made.gain[65535], 1.219722458, 1e-9);
  EXPECT_NEAR(made.gain[199999], 1.321887582, 1e-9);
}

TEST(Temperature, StartsOneTokenLaterInMinistral) {
  const auto gain = [](const char* json) { return plan(json, context(4, 16385)).gain; };
  const auto ministral = gain(R"([{"type": "temperature", "floor_length": 16384, "offset": 0}])");
  EXPECT_EQ(ministral[16383], 1);
  EXPECT_NEAR(ministral[16384], 1 + 0.1 * std::log(2), 1e-15);
}

}  // namespace
}  // namespace scalings
