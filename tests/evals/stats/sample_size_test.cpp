#include "evals/stats/sample_size.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace evals::stats {
namespace {

TEST(SampleSize, KnowsTheFewestTrialsThatCanCertify) {
  EXPECT_EQ(fewest_trials({0.80, 0.05}), 14);
  EXPECT_EQ(fewest_trials({0.85, 0.05}), 19);
  EXPECT_EQ(fewest_trials({0.90, 0.05}), 29);
  EXPECT_EQ(fewest_trials({0.95, 0.05}), 59);
}

TEST(SampleSize, KnowsTheHitsNeededAndTheirPower) {
  const Criterion at85{0.85, 0.05};
  const Criterion at90{0.90, 0.05};
  EXPECT_EQ(hits_needed(50, at85), 47);
  EXPECT_NEAR(certification_power(50, .95, at85), .76, .005);
  EXPECT_NEAR(certification_power(50, .98, at85), .98, .005);
  EXPECT_EQ(hits_needed(100, at85), 92);
  EXPECT_NEAR(certification_power(100, .95, at85), .94, .005);
  EXPECT_NEAR(certification_power(100, .98, at85), 1.0, .005);
  EXPECT_EQ(hits_needed(100, at90), 96);
  EXPECT_NEAR(certification_power(100, .95, at90), .44, .005);
  EXPECT_NEAR(certification_power(100, .98, at90), .95, .005);
  EXPECT_EQ(hits_needed(200, at90), 188);
  EXPECT_NEAR(certification_power(200, .95, at90), .80, .005);
  EXPECT_NEAR(certification_power(200, .98, at90), 1.0, .005);
  EXPECT_EQ(hits_needed(20, at90), std::nullopt);
  EXPECT_EQ(certification_power(20, .99, at90), 0);
}

TEST(SampleSize, NeedsTheFewestHitsThatReject) {
  for (int64_t trials = 19; trials <= 300; ++trials) {
    const int64_t needed = hits_needed(trials, {}).value();
    EXPECT_LE(binomial_p_greater(needed, trials, 0.85), 0.05);
    EXPECT_GT(binomial_p_greater(needed - 1, trials, 0.85), 0.05);
  }
}

TEST(SampleSizeAdvice, SaysWhatFiftyTrialsNeed) {
  EXPECT_EQ(sample_size_advice(50, 7, {0.85, 0.05}),
            "Certifying a length needs >= 47 of 50 at tau 0.85 (alpha 0.05).\n"
            "A model that is right 98 % of the time passes 7 lengths with probability 0.88.\n"
            "A model that is right 95 % of the time passes 7 lengths with probability 0.15.\n");
}

TEST(SampleSizeAdvice, SaysThatTwentyTrialsForgiveNothing) {
  EXPECT_EQ(sample_size_advice(20, 4, {0.85, 0.05}),
            "Certifying a length needs 20 of 20 at tau 0.85 (alpha 0.05).\n"
            "A model that is right 98 % of the time passes 4 lengths with probability 0.20.\n"
            "A model that is right 95 % of the time passes 4 lengths with probability 0.02.\n");
}

TEST(SampleSizeAdvice, WarnsWhenNoOutcomeCanCertify) {
  EXPECT_EQ(sample_size_advice(10, 7, {0.85, 0.05}),
            "10 trials cannot certify a length at tau 0.85 (alpha 0.05): even 10 of 10 is not "
            "enough, at least 19 trials are needed.\n");
}

TEST(SampleSizeAdvice, TakesABetterModelForAHigherTau) {
  EXPECT_EQ(sample_size_advice(300, 1, {0.98, 0.05}),
            "Certifying a length needs >= 299 of 300 at tau 0.98 (alpha 0.05).\n"
            "A model that is right 99 % of the time passes 1 length with probability 0.20.\n");
}

TEST(SampleSize, RefusesTauOutsideTheUnitInterval) {
  EXPECT_THROW(hits_needed(50, {1.0, 0.05}), base::Error);
  EXPECT_THROW(fewest_trials({0.0, 0.05}), base::Error);
  EXPECT_THROW(sample_size_advice(50, 0, {}), base::Error);
}

}  // namespace
}  // namespace evals::stats
