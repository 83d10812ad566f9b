// How often the length claims are wrong, by simulation on truths that tempt them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evals/stats/certified_length.h"
#include "tests/evals/stats/simulation.h"

namespace evals::stats {
namespace {

constexpr Criterion criterion{0.85, 0.05};
constexpr int64_t repetitions = 10000;

/// Twelve lengths from 4K to 200K, evenly spaced in log2.
std::vector<int64_t> grid() {
  std::vector<int64_t> lengths;
  for (int i = 0; i < 12; ++i) {
    lengths.push_back(std::llround(4096 * std::pow(200000.0 / 4096, i / 11.0)));
  }
  return lengths;
}

/// Success falls as a logistic in log2 L and is 0.849, just below tau, at the seventh length.
std::vector<double> logistic_truth(const std::vector<int64_t>& lengths) {
  const auto x = [&](size_t i) { return std::log2(static_cast<double>(lengths[i])); };
  const double at_seventh = std::log(0.849 / 0.151);
  std::vector<double> p;
  for (size_t i = 0; i < lengths.size(); ++i) {
    p.push_back(1 / (1 + std::exp(-at_seventh + 1.0 * (x(i) - x(6)))));
  }
  return p;
}

std::vector<LengthCell> simulate(const std::vector<double>& truth, int64_t trials,
                                 tests::Draws& draws) {
  std::vector<LengthCell> cells;
  const std::vector<int64_t> lengths = grid();
  for (size_t i = 0; i < truth.size(); ++i) {
    const int64_t hits = draws.hits(trials, truth[i]);
    cells.push_back({lengths[i], hits, trials - hits, 0});
  }
  return cells;
}

/// The papers' rule: the longest length whose success rate reaches tau, whatever lies between.
int64_t naive_length(const std::vector<LengthCell>& cells) {
  int64_t longest = 0;
  for (const LengthCell& cell : cells) {
    const auto trials = static_cast<double>(cell.answers());
    if (static_cast<double>(cell.hits) >= criterion.tau * trials) longest = cell.length;
  }
  return longest;
}

double rate(int64_t count) { return static_cast<double>(count) / repetitions; }

class OnALogisticTruth : public testing::TestWithParam<int64_t> {};

TEST_P(OnALogisticTruth, CertifiedLengthKeepsItsFivePercentWhereTheNaiveRuleDoesNot) {
  const int64_t trials = GetParam();
  const std::vector<int64_t> lengths = grid();
  const std::vector<double> truth = logistic_truth(lengths);
  const int64_t effective = lengths[5];
  int64_t certified_too_far = 0;
  int64_t naive_too_far = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("logistic " + std::to_string(trials), r);
    const std::vector<LengthCell> cells = simulate(truth, trials, draws);
    certified_too_far += certified_length(cells, criterion).length.value_or(0) > effective;
    naive_too_far += naive_length(cells) > effective;
  }
  RecordProperty("certified", std::to_string(rate(certified_too_far)));
  RecordProperty("naive", std::to_string(rate(naive_too_far)));
  EXPECT_LE(rate(certified_too_far), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(naive_too_far), 0.40);
}

INSTANTIATE_TEST_SUITE_P(Trials, OnALogisticTruth, testing::Values(10, 20, 50, 100, 200));

/// A cliff: clearly good up to the sixth length, just below tau from there on. This is where a
/// certificate errs most, since it nearly always reaches the tempting length.
TEST(OnACliff, CertifiedLengthKeepsItsFivePercent) {
  std::vector<double> truth(12, 0.8499);
  std::fill(truth.begin(), truth.begin() + 6, 0.999);
  int64_t too_far = 0;
  int64_t right = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("cliff", r);
    const auto claim = certified_length(simulate(truth, 50, draws), criterion);
    too_far += claim.length.value_or(0) > grid()[5];
    right += claim.length == grid()[5];
  }
  EXPECT_LE(rate(too_far), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(too_far), 0.02);  // the test can see an error rate at all
  EXPECT_GT(rate(right), 0.90);
}

TEST(OnACliff, WorstDepthKeepsItsFivePercentWhenOneBandIsJustBelowTau) {
  int64_t too_far = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("band", r);
    BandedCell cell;
    for (size_t b = 0; b < 3; ++b) {
      const int64_t hits = draws.hits(50, b == 1 ? 0.8499 : 1.0);
      cell[b] = {4096, hits, 50 - hits, 0};
    }
    too_far += worst_depth_length({cell}, criterion).length.has_value();
  }
  EXPECT_LE(rate(too_far), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(too_far), 0.02);
}

/// Eight lengths just good enough, then failure: calling every low length failed condemns a good
/// one far too often, walking down from the longest does not.
TEST(OnAPlateau, FailingLengthKeepsItsFivePercentWhereAScanDoesNot) {
  std::vector<double> truth(12, 0.8501);
  std::fill(truth.begin() + 8, truth.end(), 0.3);
  const int64_t last_good = grid()[7];
  int64_t walked_too_far = 0;
  int64_t scanned_too_far = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("plateau", r);
    const std::vector<LengthCell> cells = simulate(truth, 50, draws);
    const auto claim = failing_length(cells, criterion);
    walked_too_far += claim.length && *claim.length <= last_good;
    const auto low = std::find_if(cells.begin(), cells.end(), [](const LengthCell& cell) {
      return exact_upper_bound(cell.hits, cell.answers(), criterion.alpha) < criterion.tau;
    });
    scanned_too_far += low != cells.end() && low->length <= last_good;
  }
  RecordProperty("walked", std::to_string(rate(walked_too_far)));
  RecordProperty("scanned", std::to_string(rate(scanned_too_far)));
  EXPECT_LE(rate(walked_too_far), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(walked_too_far), 0.01);
  EXPECT_GT(rate(scanned_too_far), 0.15);
}

// Lengths that ran out of memory from some length on, whatever the answers, change no error rate.
TEST(OnAPlateau, FailingLengthKeepsItsFivePercentBelowLengthsThatNeverRan) {
  std::vector<double> truth(12, 0.8501);
  int64_t too_far = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("starved", r);
    std::vector<LengthCell> cells = simulate(truth, 50, draws);
    for (size_t i = 9; i < cells.size(); ++i) cells[i] = {cells[i].length, 0, 0, 50};
    too_far += failing_length(cells, criterion).length.has_value();
  }
  EXPECT_LE(rate(too_far), tests::five_percent_of(repetitions));
}

// The median certified length is the true one from 50 trials on.
TEST(OnACliff, CertifiedLengthIsNotNeedlesslyShort) {
  const std::vector<int64_t> lengths = grid();
  std::vector<double> truth(12, 0.6);
  std::fill(truth.begin(), truth.begin() + 6, 0.985);
  for (const int64_t trials : {50, 100, 200}) {
    std::vector<int64_t> claims;
    for (int64_t r = 0; r < 2001; ++r) {
      tests::Draws draws("median " + std::to_string(trials), r);
      claims.push_back(
          certified_length(simulate(truth, trials, draws), criterion).length.value_or(0));
    }
    std::nth_element(claims.begin(), claims.begin() + 1000, claims.end());
    EXPECT_EQ(claims[1000], lengths[5]) << trials << " trials";
  }
}

}  // namespace
}  // namespace evals::stats
