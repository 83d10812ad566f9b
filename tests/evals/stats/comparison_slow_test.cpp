// Error rates of families of comparisons, by simulation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "evals/stats/comparison.h"
#include "tests/evals/stats/simulation.h"

namespace evals::stats {
namespace {

constexpr int64_t repetitions = 4000;
constexpr int64_t prompts = 50;
constexpr size_t methods = 8;
constexpr size_t lengths = 6;

/// Prompts differ in difficulty, so that methods agree more often than chance: what pairing is for.
std::vector<double> difficulties(tests::Draws& draws, double mean) {
  std::vector<double> p;
  for (int64_t i = 0; i < prompts; ++i) p.push_back(mean + 0.4 * (draws.unit() - 0.5));
  return p;
}

std::vector<Answer> answers(const std::vector<double>& p, double gain, tests::Draws& draws) {
  std::vector<Answer> out;
  for (const double value : p) {
    out.push_back(draws.happens(value + gain) ? Answer::hit : Answer::miss);
  }
  return out;
}

double rate(int64_t count) { return static_cast<double>(count) / repetitions; }

TEST(HolmFamily, KeepsItsFivePercentWhereUncorrectedTestsDoNot) {
  int64_t corrected = 0;
  int64_t uncorrected = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("all equal", r);
    std::vector<double> family;
    for (size_t l = 0; l < lengths; ++l) {
      const std::vector<double> p = difficulties(draws, 0.5);
      const std::vector<Answer> baseline = answers(p, 0, draws);
      for (size_t m = 0; m < methods; ++m) {
        family.push_back(mcnemar_exact(pair_up(answers(p, 0, draws), baseline)));
      }
    }
    bool any = false;
    for (const double q : holm(family)) any = any || q <= 0.05;
    bool any_raw = false;
    for (const double p : family) any_raw = any_raw || p <= 0.05;
    corrected += any;
    uncorrected += any_raw;
  }
  RecordProperty("corrected", std::to_string(rate(corrected)));
  RecordProperty("uncorrected", std::to_string(rate(uncorrected)));
  EXPECT_LE(rate(corrected), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(uncorrected), 0.40);
}

TEST(HolmFamily, KeepsItsFivePercentBesideTrueDifferences) {
  int64_t wrong = 0;
  int64_t found = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("half differ", r);
    std::vector<double> family;
    for (size_t l = 0; l < lengths; ++l) {
      const std::vector<double> p = difficulties(draws, 0.3);
      const std::vector<Answer> baseline = answers(p, 0, draws);
      for (size_t m = 0; m < methods; ++m) {
        const double gain = m % 2 == 0 ? 0.5 : 0.0;
        family.push_back(mcnemar_exact(pair_up(answers(p, gain, draws), baseline)));
      }
    }
    const std::vector<double> adjusted = holm(family);
    bool any = false;
    for (size_t i = 0; i < adjusted.size(); ++i) {
      const bool is_null = (i % methods) % 2 == 1;
      any = any || (is_null && adjusted[i] <= 0.05);
      found += !is_null && adjusted[i] <= 0.05;
    }
    wrong += any;
  }
  EXPECT_LE(rate(wrong), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(found), 0.9 * lengths * methods / 2);
}

// The worst case for it: all are equal, so that one of many rivals is ahead by chance.
TEST(BestSet, LeavesOutATrulyBestMethodAtMostFivePercentOfTheTime) {
  int64_t left_out = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("best", r);
    const std::vector<double> p = difficulties(draws, 0.5);
    std::vector<std::vector<Answer>> all;
    for (size_t m = 0; m < 20; ++m) all.push_back(answers(p, 0, draws));
    left_out += not_distinguishable_from_best(all, 0.05)[0] == false;
  }
  EXPECT_LE(rate(left_out), tests::five_percent_of(repetitions));
}

/// How often the interval holds the true difference of two methods over prompts of any difficulty.
double coverage(double mean, double gain) {
  int64_t held = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws(fmt::format("coverage {} {}", mean, gain), r);
    const std::vector<double> p = difficulties(draws, mean);
    const Interval bounds = newcombe(pair_up(answers(p, gain, draws), answers(p, 0, draws)), 0.05);
    held += bounds.low <= gain && gain <= bounds.high;
  }
  return rate(held);
}

TEST(Newcombe, HoldsTheTrueDifferenceAsOftenAsItSays) {
  for (const double mean : {0.2, 0.5}) {
    for (const double gain : {0.0, 0.3}) {
      EXPECT_GE(coverage(mean, gain), 0.94) << mean << " " << gain;
      EXPECT_LE(coverage(mean, gain), 0.995) << mean << " " << gain;
    }
  }
}

}  // namespace
}  // namespace evals::stats
