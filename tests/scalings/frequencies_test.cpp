#include <gtest/gtest.h>

#include <numbers>

#include "tests/scalings/support.h"

// Facts about single methods, small enough to check by hand, and identities between methods.
namespace scalings {
namespace {

Eigen::ArrayXd frequencies(std::string_view json, const Context& at) {
  return plan(json, at).inv_freq.at(0);
}

void expect_close(std::string_view left, std::string_view right, const Context& at,
                  double tolerance = 1e-13) {
  EXPECT_LE(relative_error(frequencies(left, at), frequencies(right, at)), tolerance)
      << left << " and " << right;
}

TEST(Linear, DividesEveryFrequency) {
  EXPECT_LE(relative_error(frequencies(R"([{"type": "linear", "factor": 4}])", context(4, 1)),
                           std::vector{0.25, 0.0025}),
            1e-15);
}

TEST(Linear, FollowsTheLengthWhereAsked) {
  const char* json = R"([{"type": "linear", "factor": "length/trained"}])";
  EXPECT_EQ(frequencies(json, context(4, 100))[0], 1);
  EXPECT_EQ(frequencies(json, context(4, 8192))[0], 0.5);
  EXPECT_EQ(frequencies(R"([{"type": "linear", "factor": "length/trained",
                             "original_length": 2048}])",
                        context(4, 8192))[0],
            0.25);
}

TEST(Ntk, KeepsTheFirstPairAndDividesTheLastByTheFactor) {
  const auto plain = plain_frequencies(10000, 128);
  const auto ntk = frequencies(R"([{"type": "ntk", "factor": 8}])", context(128, 1));
  EXPECT_EQ(ntk[0], 1);
  EXPECT_NEAR(ntk[63] / (plain[63] / 8), 1, 1e-14);
}

TEST(NtkFixed, SlowsEvenTheFirstPair) {
  const auto fixed = frequencies(R"([{"type": "ntk_fixed", "factor": 8}])", context(128, 1));
  EXPECT_LT(fixed[0], 1);
  EXPECT_NEAR(fixed[63] / (plain_frequencies(10000, 128)[63] / 8), 1, 1e-14);
}

TEST(Yarn, KeepsTheFastestPairsUntouched) {
  const auto plain = plain_frequencies(10000, 128);
  const auto yarn = frequencies(R"([{"type": "yarn", "factor": 8}])", context(128, 1));
  EXPECT_TRUE((yarn.head(21) == plain.head(21)).all());
  EXPECT_LT(yarn[21], plain[21]);
  EXPECT_TRUE((yarn.tail(18) == plain.tail(18) / 8).all());
  EXPECT_GT(yarn[45], plain[45] / 8);
}

TEST(Yarn, OfFactorOneIsPlain) {
  EXPECT_EQ(plan(R"([{"type": "yarn", "factor": 1}])", context(128, 8)),
            plan("[]", context(128, 8)));
}

TEST(Yarn, OnANewBaseIsYarnComputedAtThatBase) {
  const RotaryPlan chained = plan(R"([{"type": "abf", "theta": 500000},
                                      {"type": "yarn", "factor": 8}])",
                                  context(128, 4));
  EXPECT_EQ(chained, plan(R"([{"type": "yarn", "factor": 8}])", context(128, 4, 500000)));
}

TEST(Yarn, RampsOverTurnsOfTheOriginalWindowNotTheTrainedOne) {
  EXPECT_EQ(plan(R"([{"type": "yarn", "factor": 8, "original_length": 2048}])", context(128, 4)),
            plan(R"([{"type": "yarn", "factor": 8}])", context(128, 4, 10000, 2048)));
}

TEST(ByParts, DiffersFromTheIndexRampInTheMiddleBand) {
  // d 128, theta 10000, L 2048, s 10: the paper's pair 32 is 0.39 of the code's.
  const Context at = context(128, 1, 10000, 2048);
  const auto paper = frequencies(R"([{"type": "ntk_by_parts", "factor": 10}])", at);
  const auto code = frequencies(R"([{"type": "ntk_by_parts_index", "factor": 10}])", at);
  EXPECT_NEAR(paper[32] / code[32], 0.39, 0.005);
}

TEST(Identity, DynamicNtkOfFactorOneIsNtkOfLengthOverTrained) {
  expect_close(R"([{"type": "dynamic_ntk"}])", R"([{"type": "ntk", "factor": 8}])",
               context(64, 16384, 10000, 2048));
  expect_close(R"([{"type": "dynamic_ntk"}])", R"([{"type": "ntk", "factor": "length/trained"}])",
               context(64, 10000, 10000, 4096));
}

TEST(Identity, DynamicMethodsArePlainUpToTheTrainedLength) {
  for (const char* json : {R"([{"type": "dynamic_linear"}])", R"([{"type": "dynamic_yarn"}])",
                           R"([{"type": "dynamic_ntk", "factor": 8}])"}) {
    EXPECT_EQ(plan(json, context(64, 4096)), plan("[]", context(64, 4096))) << json;
    EXPECT_FALSE(plan(json, context(64, 4097)) == plan("[]", context(64, 4097))) << json;
  }
}

TEST(Identity, VllmsDynamicIsNtkOfASquaredFactorAtEveryLength) {
  for (const int64_t length : {1, 4096, 32768}) {
    expect_close(R"([{"type": "dynamic_ntk_vllm", "factor": 4}])",
                 R"([{"type": "ntk", "factor": 13}])", context(64, length));
  }
}

TEST(Identity, Llama3IsByPartsWithItsFactorsAsTurns) {
  EXPECT_EQ(
      frequencies(R"([{"type": "llama3", "factor": 8}])", context(128, 1, 500000, 8192)).matrix(),
      frequencies(R"([{"type": "ntk_by_parts", "factor": 8, "alpha": 1, "beta": 4}])",
                  context(128, 1, 500000, 8192))
          .matrix());
}

TEST(Identity, ProportionalOfEveryPairIsLinear) {
  expect_close(R"([{"type": "proportional", "fraction": 1, "factor": 4}])",
               R"([{"type": "linear", "factor": 4}])", context(64, 1), 0);
}

TEST(Identity, LongRopeOfOneDivisorIsLinear) {
  expect_close(
      R"([{"type": "longrope", "factor": 8, "short_factor": [8, 8], "long_factor": [8, 8]}])",
      R"([{"type": "linear", "factor": 8}])", context(4, 1), 0);
}

TEST(Identity, DynamicYarnIsYarnOfLengthOverTrained) {
  EXPECT_EQ(plan(R"([{"type": "dynamic_yarn"}])", context(64, 16384)),
            plan(R"([{"type": "yarn", "factor": 4}])", context(64, 16384)));
}

TEST(Proportional, RotatesTheFastestQuarter) {
  const auto made = frequencies(R"([{"type": "proportional", "fraction": 0.25}])", context(128, 1));
  EXPECT_EQ((made > 0).count(), 16);
  EXPECT_TRUE((made.head(16) == plain_frequencies(10000, 128).head(16)).all());
}

TEST(Cope, FadesAQuarterOfAnEighthOfThePairsByDefault) {
  // 20 of 64 pairs at rotary_dim 128, 10 of 32 at 64.
  const auto plain = plain_frequencies(10000, 64);
  const auto made = frequencies(R"([{"type": "cope"}])", context(64, 1));
  EXPECT_TRUE((made.head(23) == plain.head(23)).all());  // the first faded pair keeps factor 1
  EXPECT_LT(made[23], plain[23]);
  EXPECT_EQ(made[31], 0);
  EXPECT_EQ((frequencies(R"([{"type": "cope", "hard": true}])", context(64, 1)) == 0).count(), 10);
}

TEST(Resonance, RoundsEveryWavelengthToWholeTokens) {
  constexpr double turn = 2 * std::numbers::pi;
  const auto made =
      frequencies(R"([{"type": "linear", "factor": 2}, {"type": "resonance"}])", context(128, 1));
  EXPECT_EQ(made[0], turn / 13);  // 2 * 2 pi = 12.57
  const Eigen::ArrayXd wavelength = turn / made;
  EXPECT_LE((wavelength - wavelength.round()).abs().maxCoeff(), 1e-8);
}

TEST(Truncated, HasThreeBands) {
  // theta 10000, rotary_dim 8: frequencies 1, 0.1, 0.01, 0.001; period 2 pi / 0.05: rho = 0.05.
  const auto made =
      frequencies(R"([{"type": "truncated", "period": 125.66370614359172}])", context(8, 1));
  EXPECT_LE(relative_error(made, std::vector{1.0, 0.1, 0.003125, 0.0}), 1e-14);
}

TEST(Power, FallsToAFractionOfThePairs) {
  const auto made = frequencies(R"([{"type": "power", "exponent": 2}])", context(8, 1));
  EXPECT_LE(relative_error(made, std::vector{1.0, 0.1 * 0.5625, 0.01 * 0.25, 0.001 * 0.0625}),
            1e-14);
}

}  // namespace
}  // namespace scalings
