#include "evals/stats/proportion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"

namespace evals::stats {
namespace {

struct Published {
  int64_t hits;
  int64_t trials;
  double low;
  double high;
};

// Wilson 95 % intervals as commonly tabulated, to three decimals.
TEST(Wilson, GivesThePublishedIntervals) {
  const Published table[] = {
      {10, 10, .722, 1},    {20, 20, .839, 1},     {50, 50, .929, 1},   {100, 100, .963, 1},
      {45, 50, .786, .957}, {90, 100, .826, .945}, {500, 500, .992, 1},
  };
  for (const Published& row : table) {
    const Interval interval = wilson(row.hits, row.trials, 0.05);
    EXPECT_NEAR(interval.low, row.low, 0.00051) << row.hits << " of " << row.trials;
    EXPECT_NEAR(interval.high, row.high, 0.00051) << row.hits << " of " << row.trials;
  }
}

TEST(Wilson, EndsExactlyAtZeroAndOne) {
  for (const int64_t trials : {1, 7, 50, 1000}) {
    EXPECT_EQ(wilson(trials, trials, 0.05).high, 1.0);
    EXPECT_EQ(wilson(0, trials, 0.05).low, 0.0);
  }
}

// With all trials right the exact lower bound is alpha^(1/n), by hand.
TEST(ExactBounds, OfAllHitsAreTheRootOfAlpha) {
  EXPECT_NEAR(exact_lower_bound(20, 20, 0.05), std::pow(0.05, 1.0 / 20), 1e-14);
  EXPECT_NEAR(exact_upper_bound(0, 20, 0.05), 1 - std::pow(0.05, 1.0 / 20), 1e-14);
  EXPECT_EQ(exact_lower_bound(0, 20, 0.05), 0.0);
  EXPECT_EQ(exact_upper_bound(20, 20, 0.05), 1.0);
}

// The bound and the test are two readings of one distribution.
TEST(ExactBounds, RejectWhatTheTestRejects) {
  for (int64_t trials = 1; trials <= 60; ++trials) {
    for (int64_t hits = 0; hits <= trials; ++hits) {
      const double low = exact_lower_bound(hits, trials, 0.05);
      const double high = exact_upper_bound(hits, trials, 0.05);
      for (double tau = 0.05; tau < 1; tau += 0.1) {
        ASSERT_EQ(low >= tau, binomial_p_greater(hits, trials, tau) <= 0.05);
        ASSERT_EQ(high <= tau, binomial_p_less(hits, trials, tau) <= 0.05);
      }
    }
  }
}

TEST(BinomialTest, CountsOutcomesOfFourFairTrials) {  // 1 4 6 4 1 of 16
  EXPECT_DOUBLE_EQ(binomial_p_greater(3, 4, 0.5), 5.0 / 16);
  EXPECT_DOUBLE_EQ(binomial_p_less(3, 4, 0.5), 15.0 / 16);
  EXPECT_DOUBLE_EQ(binomial_p_greater(0, 4, 0.5), 1.0);
}

// 10 of 10 does not reject p <= 0.8; ">= 80 % of 10" passes a model of p = 0.6 one time in six; and
// PI's 20 % of 10 trials passes p = 0.1 one time in four.
TEST(BinomialTest, GivesTheErrorRatesOfPublishedRules) {
  EXPECT_NEAR(binomial_p_greater(10, 10, 0.8), 0.107, 0.0005);
  EXPECT_NEAR(binomial_p_greater(8, 10, 0.6), 0.167, 0.0005);
  EXPECT_NEAR(binomial_p_greater(8, 10, 0.8), 0.678, 0.0005);
  EXPECT_NEAR(binomial_p_greater(2, 10, 0.1), 0.264, 0.0005);
}

TEST(Proportion, RefusesImpossibleCounts) {
  EXPECT_THROW(wilson(1, 0, 0.05), base::Error);
  EXPECT_THROW(wilson(-1, 5, 0.05), base::Error);
  EXPECT_THROW(exact_lower_bound(6, 5, 0.05), base::Error);
  EXPECT_THROW(exact_upper_bound(1, 5, 0), base::Error);
  EXPECT_THROW(binomial_p_greater(1, 5, 1), base::Error);
}

}  // namespace
}  // namespace evals::stats
