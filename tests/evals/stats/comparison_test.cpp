#include "evals/stats/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "harness/base/error.h"

namespace evals::stats {
namespace {

using testing::ElementsAre;
constexpr Answer H = Answer::hit;
constexpr Answer M = Answer::miss;
constexpr Answer O = Answer::missing;

std::vector<Answer> repeated(std::initializer_list<std::pair<Answer, int64_t>> runs) {
  std::vector<Answer> answers;
  for (const auto& [answer, times] : runs) {
    answers.insert(answers.end(), static_cast<size_t>(times), answer);
  }
  return answers;
}

TEST(Pairs, AreCountedByWhoWasRight) {
  const PairedCounts counts = pair_up({H, H, H, M, M, O, H}, {H, M, M, H, M, H, O});
  EXPECT_EQ(counts.both_hit, 1);
  EXPECT_EQ(counts.only_first, 2);
  EXPECT_EQ(counts.only_second, 1);
  EXPECT_EQ(counts.both_miss, 1);
  EXPECT_EQ(counts.excluded, 2);
  EXPECT_DOUBLE_EQ(counts.difference(), 0.2);
  EXPECT_THROW(pair_up({H}, {H, M}), base::Error);
}

TEST(McNemar, IsACoinTossOverDiscordantPairs) {
  EXPECT_DOUBLE_EQ(mcnemar_exact({10, 5, 0, 10, 0}), 2.0 / 32);
  EXPECT_DOUBLE_EQ(mcnemar_exact({10, 1, 8, 10, 0}), 2.0 * 10 / 512);
  EXPECT_DOUBLE_EQ(mcnemar_exact({0, 3, 3, 0, 0}), 1.0);
  EXPECT_DOUBLE_EQ(mcnemar_exact({40, 0, 0, 10, 0}), 1.0);
}

TEST(McNemar, DoesNotSeePairsThatAgree) {
  EXPECT_TRUE(rc::check([] {
    const auto a = *rc::gen::inRange<int64_t>(0, 30);
    const auto b = *rc::gen::inRange<int64_t>(0, 30);
    const auto same = *rc::gen::inRange<int64_t>(0, 500);
    const double p = mcnemar_exact({0, a, b, 0, 0});
    RC_ASSERT(mcnemar_exact({same, a, b, 2 * same, same}) == p);
    RC_ASSERT(mcnemar_exact({0, b, a, 0, 0}) == p);
    RC_ASSERT(p > 0 && p <= 1);
  }));
}

TEST(Holm, StepsDownFromTheSmallest) {  // times 4, 3, 2, 1, never falling
  EXPECT_THAT(holm({0.01, 0.04, 0.03, 0.005}),
              ElementsAre(testing::DoubleEq(0.03), testing::DoubleEq(0.06), testing::DoubleEq(0.06),
                          testing::DoubleEq(0.02)));
  EXPECT_THAT(holm({0.6, 0.7}), ElementsAre(1.0, 1.0));
  EXPECT_TRUE(holm({}).empty());
  EXPECT_THROW(holm({1.5}), base::Error);
}

TEST(Newcombe, GivesThePublishedIntervals) {
  // Newcombe 1998, tables II and III; Altman et al. 2000, Statistics with Confidence, table 6.2.
  const Interval crossed = newcombe({36, 12, 2, 0, 0}, 0.05);
  EXPECT_NEAR(crossed.low, 0.0569, 5e-5);
  EXPECT_NEAR(crossed.high, 0.3404, 5e-5);
  const Interval altman = newcombe({14, 5, 0, 22, 0}, 0.05);
  EXPECT_NEAR(altman.low, 0.011, 5e-4);
  EXPECT_NEAR(altman.high, 0.226, 5e-4);
}

TEST(Newcombe, HasAWidthWhereAllPairsAgree) {
  const Interval same = newcombe({60, 0, 0, 0, 0}, 0.05);
  EXPECT_LT(same.low, -0.05);
  EXPECT_GT(same.high, 0.05);
  const Interval apart = newcombe({0, 10, 0, 0, 0}, 0.05);
  EXPECT_LT(apart.low, 0.7);
  EXPECT_EQ(apart.high, 1);
  EXPECT_THROW(newcombe({0, 0, 0, 0, 5}, 0.05), base::Error);
}

TEST(Newcombe, TurnsAroundWithTheMethods) {
  EXPECT_TRUE(rc::check([] {
    const auto count = [] { return *rc::gen::inRange<int64_t>(0, 60); };
    const PairedCounts counts{count(), count(), count(), count(), 0};
    RC_PRE(counts.pairs() > 0);
    const PairedCounts swapped{counts.both_hit, counts.only_second, counts.only_first,
                               counts.both_miss, 0};
    const Interval one = newcombe(counts, 0.05);
    const Interval other = newcombe(swapped, 0.05);
    RC_ASSERT(std::abs(one.low + other.high) < 1e-12);
    RC_ASSERT(std::abs(one.high + other.low) < 1e-12);
    RC_ASSERT(one.low >= -1 && one.low <= counts.difference());
    RC_ASSERT(one.high <= 1 && one.high >= counts.difference());
  }));
}

TEST(BestSet, HoldsWhatCannotBeToldFromTheBest) {
  const auto best = repeated({{H, 50}});
  const auto close = repeated({{H, 46}, {M, 4}});  // p = 2/16: not told apart
  const auto far = repeated({{H, 30}, {M, 20}});   // p = 2/2^20
  EXPECT_THAT(not_distinguishable_from_best({far, best, close}, 0.05),
              ElementsAre(false, true, true));
}

TEST(BestSet, IsCorrectedForTheNumberOfRivals) {
  const auto best = repeated({{H, 50}});
  const auto rival = repeated({{H, 44}, {M, 6}});  // p = 2/64 = 0.031
  EXPECT_THAT(not_distinguishable_from_best({best, rival}, 0.05), ElementsAre(true, false));
  EXPECT_THAT(not_distinguishable_from_best({best, rival, best}, 0.05),
              ElementsAre(true, true, true));
}

TEST(BestSet, HasNoPlaceForMissingAnswers) {
  const auto lucky = repeated({{H, 1}, {O, 49}});
  const auto plain = repeated({{H, 30}, {M, 20}});
  EXPECT_THAT(not_distinguishable_from_best({lucky, plain}, 0.05), ElementsAre(std::nullopt, true));
  EXPECT_THAT(not_distinguishable_from_best({lucky, {}}, 0.05),
              ElementsAre(std::nullopt, std::nullopt));
}

TEST(BestSet, IsOfNobodyWhereNobodyHasAHit) {
  const auto none = repeated({{M, 50}});
  EXPECT_THAT(not_distinguishable_from_best({none, none}, 0.05),
              ElementsAre(std::nullopt, std::nullopt));
}

}  // namespace
}  // namespace evals::stats
