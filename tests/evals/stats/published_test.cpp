// Published numbers, recomputed from the inputs that were published with them.
#include <gtest/gtest.h>

#include <cmath>

#include "evals/perplexity_metrics.h"
#include "evals/stats/certified_length.h"

namespace evals::stats {
namespace {

struct Bucket {
  const char* model;
  int64_t from, to;
  double before;  ///< cumulative perplexity at `from`, as printed; 0: not printed
  double after;
  double bucket;  ///< as printed, rounded to `step`
  double step;
};

/// All tokens up to `length`, from their cumulative perplexity.
NllTotal up_to(int64_t length, double perplexity) {
  return {static_cast<double>(length) * std::log(perplexity), length};
}

/// The tokens (from, to] alone, in the totals that position_buckets reports.
double bucket_perplexity(int64_t from, double before, int64_t to, double after) {
  const NllTotal shorter = up_to(from, before);
  const NllTotal longer = up_to(to, after);
  return NllTotal{longer.sum - shorter.sum, longer.tokens - shorter.tokens}.perplexity();
}

/// How far the bucket can move when the printed cumulative values are off by half a unit in the
/// third decimal: d ln(bucket) = (L2 d ln P2 + L1 d ln P1) / (L2 - L1).
double rounding_allows(const Bucket& row) {
  const double l1 = static_cast<double>(row.from);
  const double l2 = static_cast<double>(row.to);
  const double log_slack = (l2 * 0.0005 / row.after + l1 * 0.0005 / row.before) / (l2 - l1);
  return row.bucket * std::expm1(log_slack) + row.step / 2;
}

// YaRN's Proof-pile CSV rows (jquesnelle/yarn, data/proofpile-long-small*.csv): neighbouring
// cumulative values that are printed to three decimals.
TEST(BucketPerplexity, RecoversTheOnsetOfFailureFromYarnsCumulativeCurves) {
  const Bucket table[] = {
      {"Llama-2-70b", 4096, 4608, 2.957, 2.975, 3.13, 0.01},
      {"Llama-2-70b", 4608, 5120, 2.975, 3.670, 24.3, 0.1},
      {"Llama-2-70b", 5120, 5632, 3.670, 6.478, 1900, 100},
      {"LLaMA-2-7B-32K", 32768, 34816, 2.636, 3.139, 51.4, 0.1},
      {"Yarn-Llama-2-7b-64k", 65536, 67584, 2.422, 2.427, 2.61, 0.01},
      {"Yarn-Llama-2-7b-64k", 71680, 73728, 2.490, 2.610, 13.5, 0.1},
  };
  for (const Bucket& row : table) {
    EXPECT_NEAR(bucket_perplexity(row.from, row.before, row.to, row.after), row.bucket,
                rounding_allows(row))
        << row.model << " (" << row.from << ", " << row.to << "]";
    // The slack is a statement about rounding, not a licence.
    EXPECT_LT(rounding_allows(row), 0.07 * row.bucket);
  }
}

// The other printed buckets ((3584,4096] 2.56, (30720,32768] 2.30, (63488,65536] 2.33,
// (69632,71680] 4.87 and CodeLlama's three) have no printed value at their lower end. What can be
// said: the value there that they imply lies below the printed end of a curve that still falls, or
// above it where it already rises.
TEST(BucketPerplexity, ImpliesLowerEndsOnTheRightSideOfThePrintedOnes) {
  const auto lower_end = [](int64_t from, int64_t to, double after, double bucket) {
    const double l1 = static_cast<double>(from);
    const double l2 = static_cast<double>(to);
    return std::exp((l2 * std::log(after) - (l2 - l1) * std::log(bucket)) / l1);
  };
  EXPECT_GT(lower_end(3584, 4096, 2.957, 2.56), 2.957);
  EXPECT_GT(lower_end(30720, 32768, 2.636, 2.30), 2.636);
  EXPECT_LT(lower_end(69632, 71680, 2.490, 4.87), 2.490);
  EXPECT_LT(lower_end(98304, 100352, 2.548, 3.05), 2.548);
  EXPECT_LT(lower_end(126976, 129024, 2.686, 4.38), 2.686);
  const double before = lower_end(69632, 71680, 2.490, 4.87);
  EXPECT_NEAR(bucket_perplexity(69632, before, 71680, 2.490), 4.87, 1e-9);
}

struct RulerRow {
  const char* model;
  double threshold;
  std::vector<double> scores;  ///< 4K, 8K, ... 128K
  std::optional<int64_t> published;
};

std::optional<int64_t> by_rule(const RulerRow& row) {
  std::vector<LengthScore> scores;
  int64_t length = 4096;
  for (const double score : row.scores) {
    scores.push_back({length, score});
    length *= 2;
  }
  return longest_passing_length(scores, row.threshold);
}

// Rows of NVIDIA/RULER (README and tables 10-12) whose six scores are all known. 85.6 is
// Llama-2-7B chat at 4K, 79.4 its base model, 96.9 the same for the eight needle tasks.
TEST(RulersRule, GivesThePublishedLengthOfTheRowsWithAllScores) {
  const RulerRow table[] = {
      {"Yi-34B-200K", 85.6, {93.3, 92.2, 91.3, 87.5, 83.2, 77.3}, 32768},
      {"Yi-34B-200K, needles", 96.9, {98.1, 96.9, 97.4, 95.1, 93.0, 90.2}, 16384},
      {"Llama-3.1-70B", 85.6, {96.5, 95.8, 95.4, 94.8, 88.4, 66.6}, 65536},
      {"Llama-3.1-8B", 85.6, {95.5, 93.8, 91.6, 87.4, 84.7, 77.0}, 32768},
      {"Yarn-base-7B", 79.4, {77.3, 67.5, 59.0, 47.3, 38.6, 13.9}, {}},
      {"LongLoRA-base", 79.4, {81.9, 80.4, 75.6, 65.1, 60.8, 0}, 8192},
      {"Together-base", 79.4, {84.6, 78.7, 68.3, 57.9, 0, 0}, 4096},
  };
  for (const RulerRow& row : table) EXPECT_EQ(by_rule(row), row.published) << row.model;
}

// The six rows of the README that break the rule. Only the score at the listed length is quoted
// with them; it is not above 85.6 (one is a tie), so that the listed length cannot be what the rule
// gives. The scores at the other lengths are not known here, and nothing is made up for them.
TEST(RulersRule, ContradictsSixRowsOfItsOwnTable) {
  struct Quoted {
    const char* model;
    int64_t listed;
    double score;
  };
  const Quoted table[] = {
      {"Qwen3-14B", 131072, 85.1}, {"Qwen3-32B", 131072, 85.6}, {"Qwen2.5-7B-1M", 131072, 84.4},
      {"Qwen3-8B", 65536, 82.1},   {"Qwen3-4B", 65536, 77.8},   {"EXAONE-1.2B", 32768, 81.1},
  };
  for (const Quoted& row : table) {
    EXPECT_EQ(longest_passing_length({{row.listed, row.score}}, 85.6), std::nullopt) << row.model;
  }
}

// RULER counts a length although a shorter one fails; the contiguous point length does not.
TEST(RulersRule, JumpsOverAFailureWhereThePointLengthStops) {
  EXPECT_EQ(longest_passing_length({{4096, .9}, {8192, .5}, {16384, .9}}, .85), 16384);
  EXPECT_EQ(point_length({{4096, 9, 1, 0}, {8192, 5, 5, 0}, {16384, 9, 1, 0}}, .85).length, 4096);
}

}  // namespace
}  // namespace evals::stats
