#include <gtest/gtest.h>

#include <limits>

#include "harness/base/error.h"
#include "tests/scalings/support.h"

namespace scalings {
namespace {

std::string error_of(std::string_view json) { return error_of(json, context(4, 4)); }

TEST(BadInput, UnknownMethod) {
  EXPECT_EQ(error_of(R"([{"type": "yarm", "factor": 2}])"),
            "chain.json: /0/type: unknown method \"yarm\"; `ropewalk list` prints all methods");
}

TEST(BadInput, UnknownVersion) {
  EXPECT_EQ(error_of(R"([{"type": "yarn/7", "factor": 2}])"),
            "chain.json: /0/type: unknown version \"yarn/7\"; this build has yarn/1");
}

TEST(BadInput, MissingType) {
  EXPECT_EQ(error_of(R"([{"factor": 2}])"), "chain.json: /0/type: missing");
}

TEST(BadInput, NotAList) {
  EXPECT_EQ(error_of(R"({"type": "linear"})"),
            "chain.json: must be a list of methods; plain RoPE is []");
}

TEST(BadInput, NotAnObject) {
  EXPECT_EQ(error_of(R"(["yarn"])"), "chain.json: /0: must be an object (got \"yarn\")");
}

TEST(BadInput, UnknownKey) {
  EXPECT_EQ(error_of(R"([{"type": "yarn", "factor": 2, "beta_fats": 16}])"),
            "chain.json: /0/beta_fats: unknown key; did you mean \"beta_fast\"?");
}

TEST(BadInput, DuplicateKey) {
  EXPECT_EQ(error_of(R"([{"type": "linear", "factor": 2, "factor": 4}])"),
            "chain.json: /0/factor: duplicate key; keep one of the two");
}

TEST(BadInput, MissingFactor) {
  EXPECT_EQ(error_of(R"([{"type": "linear"}])"), "chain.json: /0/factor: missing");
}

TEST(BadInput, FactorZero) {
  EXPECT_EQ(error_of(R"([{"type": "linear", "factor": 0}])"),
            "chain.json: /0/factor: must be >= 1 (got 0)");
}

TEST(BadInput, NegativeFactor) {
  EXPECT_EQ(error_of(R"([{"type": "yarn", "factor": -4}])"),
            "chain.json: /0/factor: must be >= 1 (got -4)");
}

TEST(BadInput, FactorThatIsNotANumber) {
  const auto nan = nlohmann::json::array(
      {{{"type", "ntk"}, {"factor", std::numeric_limits<double>::quiet_NaN()}}});
  try {
    make_chain(nan, "chain.json");
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "chain.json: /0/factor: must be >= 1 (got null)");
  }
}

TEST(BadInput, FactorThatIsAnotherString) {
  EXPECT_EQ(error_of(R"([{"type": "linear", "factor": "8"}])"),
            "chain.json: /0/factor: must be a number >= 1 or \"length/trained\" (got \"8\")");
}

TEST(BadInput, SwappedYarnBetas) {
  EXPECT_EQ(error_of(R"([{"type": "yarn", "factor": 2, "beta_fast": 1, "beta_slow": 32}])"),
            "chain.json: /0/beta_fast: must be > beta_slow 32 (got 1)");
}

TEST(BadInput, SwappedLlama3Factors) {
  EXPECT_EQ(error_of(R"([{"type": "llama3", "low_freq_factor": 4, "high_freq_factor": 1}])"),
            "chain.json: /0/high_freq_factor: must be >= low_freq_factor 4 (got 1)");
}

TEST(BadInput, BaseAndTargetLengthTogether) {
  EXPECT_EQ(error_of(R"([{"type": "abf", "theta": 1e6, "target_length": 32768}])"),
            "chain.json: /0: needs exactly one of theta and target_length");
  EXPECT_EQ(error_of(R"([{"type": "abf"}])"),
            "chain.json: /0: needs exactly one of theta and target_length");
}

TEST(BadInput, FactorListOfTheWrongLength) {
  EXPECT_EQ(error_of(R"([{"type": "longrope", "factor": 2, "short_factor": [1, 1, 1],
                          "long_factor": [2, 2, 2]}])"),
            "longrope/1: short_factor: must have one entry per pair: 2 (got 3); take the lists of "
            "a model with the same rotary_dim");
}

TEST(BadInput, FactorListsOfDifferentLengths) {
  EXPECT_EQ(error_of(R"([{"type": "longrope", "factor": 2, "short_factor": [1, 1],
                          "long_factor": [2]}])"),
            "chain.json: /0/long_factor: must be as long as short_factor: 2 entries (got 1)");
  EXPECT_EQ(error_of(R"([{"type": "longrope", "factor": 2, "short_factor": [1, 1],
                          "long_factor": [2, -2]}])"),
            "chain.json: /0/long_factor/1: must be > 0 (got -2)");
  EXPECT_EQ(error_of(R"([{"type": "longrope", "factor": 2, "short_factor": [1, 1]}])"),
            "chain.json: /0/long_factor: missing");
}

TEST(BadInput, MorePairsThanTheModelHas) {
  EXPECT_EQ(error_of(R"([{"type": "cope", "pairs": 3}])"),
            "cope/1: pairs: must be <= 2, the pairs of this model (got 3)");
}

TEST(BadInput, FrequenciesSetTwice) {
  EXPECT_EQ(error_of(R"([{"type": "linear", "factor": 2}, {"type": "yarn", "factor": 2}])"),
            "chain.json: /1: yarn sets frequencies, which linear (/0) has set already; keep one of "
            "the two");
}

TEST(BadInput, NewBaseAfterAMethodThatUsedTheOldOne) {
  EXPECT_EQ(error_of(R"([{"type": "yarn", "factor": 2}, {"type": "abf", "theta": 1e6}])"),
            "chain.json: /1: abf sets frequencies, which yarn (/0) has set already; keep one of "
            "the two");
}

TEST(BadInput, EveryProblemOfAChainIsReported) {
  EXPECT_EQ(error_of(R"([{"type": "linear", "factor": 0.5, "bogus": 1}, {"type": "nope"}])"),
            "chain.json: /0/factor: must be >= 1 (got 0.5)\n"
            "chain.json: /0/bogus: unknown key; known keys: factor, original_length, type\n"
            "chain.json: /1/type: unknown method \"nope\"; `ropewalk list` prints all methods");
}

TEST(BadInput, OddRotaryDim) {
  Context odd = context(8, 4);
  odd.shape.rotary_dim = 7;
  EXPECT_EQ(error_of("[]", odd), "rotary_dim: must be even and >= 2 (got 7)");
}

TEST(BadInput, RotaryDimBeyondTheHead) {
  Context wide = context(8, 4);
  wide.shape.rotary_dim = 10;
  EXPECT_EQ(error_of("[]", wide), "rotary_dim: must be <= head_dim 8 (got 10)");
}

TEST(BadInput, TrainedLengthZero) {
  EXPECT_EQ(error_of("[]", context(8, 4, 10000, 0)),
            "trained_length: must be in [1, 2147483648] tokens (got 0)");
}

TEST(BadInput, LengthBeyondTwoToTheThirtyFirst) {
  EXPECT_EQ(error_of("[]", context(8, (int64_t{1} << 31) + 1)),
            "length: must be in [1, 2147483648] tokens (got 2147483649)");
}

TEST(BadInput, ThetaOne) {
  EXPECT_EQ(error_of("[]", context(8, 4, 1)), "theta: must be a finite number > 1 (got 1)");
}

TEST(BadInput, LayerThatDoesNotExist) {
  Context beyond = context(8, 4);
  beyond.layer = 1;
  EXPECT_EQ(error_of("[]", beyond), "layer: must be in [0, 1) (got 1)");
}

TEST(BadInput, NtkOfOnePair) {
  EXPECT_EQ(error_of(R"([{"type": "ntk", "factor": 2}])", context(2, 4)),
            "ntk/1: needs rotary_dim >= 4 (got 2)");
}

TEST(BadInput, LogNOfAWindowWithoutALogarithm) {
  EXPECT_EQ(error_of(R"([{"type": "log_n", "original_length": 1}])"),
            "log_n/1: makes a gain or a magnitude that is not finite; choose parameters inside "
            "double range");
}

}  // namespace
}  // namespace scalings
