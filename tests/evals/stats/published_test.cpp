// Published numbers, recomputed from the inputs that were published with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evals/perplexity_metrics.h"
#include "evals/stats/certified_length.h"

namespace evals::stats {
namespace {

/// Of a cumulative perplexity curve, as printed.
struct Point {
  int64_t length;
  double perplexity;  ///< of all tokens up to here
  double bucket = 0;  ///< of those since the point before, rounded to `step`; 0: not printed
  double step = 0;
};

/// The NLL of a document that has these cumulative perplexities, even between the points.
std::vector<float> nll_with(const std::vector<Point>& curve) {
  std::vector<float> nll;
  double sum = 0;
  for (const Point& point : curve) {
    const double more = static_cast<double>(point.length) * std::log(point.perplexity) - sum;
    const auto tokens = static_cast<size_t>(point.length) - nll.size();
    nll.insert(nll.end(), tokens, static_cast<float>(more / static_cast<double>(tokens)));
    sum += more;
  }
  return nll;
}

/// How far the bucket can move when the printed cumulative values are off by half a unit in the
/// third decimal: d ln(bucket) = (L2 d ln P2 + L1 d ln P1) / (L2 - L1).
double rounding_allows(const Point& before, const Point& after) {
  const double l1 = static_cast<double>(before.length);
  const double l2 = static_cast<double>(after.length);
  const double log_slack =
      (l2 * 0.0005 / after.perplexity + l1 * 0.0005 / before.perplexity) / (l2 - l1);
  return after.bucket * std::expm1(log_slack) + after.step / 2;
}

// YaRN's Proof-pile CSV rows (jquesnelle/yarn, data/proofpile-long-small*.csv): neighbouring
// cumulative values that are printed to three decimals.
TEST(BucketPerplexity, RecoversTheOnsetOfFailureFromYarnsCumulativeCurves) {
  struct Model {
    const char* name;
    int64_t width;
    std::vector<Point> curve;
  };
  const Model models[] = {
      {"Llama-2-70b",
       512,
       {{4096, 2.957},
        {4608, 2.975, 3.13, 0.01},
        {5120, 3.670, 24.3, 0.1},
        {5632, 6.478, 1900, 100}}},
      {"LLaMA-2-7B-32K", 2048, {{32768, 2.636}, {34816, 3.139, 51.4, 0.1}}},
      {"Yarn-Llama-2-7b-64k",
       2048,
       {{65536, 2.422}, {67584, 2.427, 2.61, 0.01}, {71680, 2.490}, {73728, 2.610, 13.5, 0.1}}},
  };
  for (const Model& model : models) {
    const std::vector<float> nll = nll_with(model.curve);
    const auto up_to = [&](int64_t length) {
      return std::vector<WindowNll>{
          {{{0, length}, {0, length}}, std::span(nll).first(static_cast<size_t>(length))}};
    };
    const auto buckets = position_buckets(up_to(model.curve.back().length), model.width, false);
    for (size_t i = 0; i < model.curve.size(); ++i) {
      const Point& point = model.curve[i];
      EXPECT_NEAR(token_weighted(up_to(point.length)).perplexity(), point.perplexity, 1e-5)
          << model.name << " up to " << point.length;
      if (point.bucket == 0) continue;
      const Point& before = model.curve[i - 1];
      const auto bucket = std::find_if(buckets.begin(), buckets.end(), [&](const NllBucket& each) {
        return each.positions == Range{before.length, point.length};
      });
      ASSERT_NE(bucket, buckets.end()) << model.name << " up to " << point.length;
      EXPECT_EQ(bucket->total.tokens, model.width);
      EXPECT_NEAR(bucket->total.perplexity(), point.bucket, rounding_allows(before, point))
          << model.name << " (" << before.length << ", " << point.length << "]";
      // The slack is a statement about rounding, not a licence.
      EXPECT_LT(rounding_allows(before, point), 0.07 * point.bucket);
    }
  }
}

struct LengthScore {
  int64_t length = 0;
  double score = 0;
};

/// The rule of RULER's table: the longest length whose score is above the threshold, whatever the
/// lengths between did. A maximum of noisy scores: it over-claims.
std::optional<int64_t> longest_passing_length(const std::vector<LengthScore>& scores,
                                              double threshold) {
  std::optional<int64_t> longest;
  for (const auto& [length, score] : scores) {
    if (score > threshold && (!longest || length > *longest)) longest = length;
  }
  return longest;
}

// Rows of NVIDIA/RULER (README and tables 10-12) whose six scores are all known. 85.6 is
// Llama-2-7B chat at 4K, 79.4 its base model, 96.9 the same for the eight needle tasks. No length
// fails before one that passes, so that the point length is the published one as well.
TEST(RulersRule, GivesThePublishedLengthOfTheRowsWithAllScores) {
  struct Row {
    const char* model;
    double threshold;
    std::vector<double> scores;  ///< percent at 4K, 8K, ... 128K, to one decimal
    std::optional<int64_t> published;
  };
  const Row table[] = {
      {"Yi-34B-200K", 85.6, {93.3, 92.2, 91.3, 87.5, 83.2, 77.3}, 32768},
      {"Yi-34B-200K, needles", 96.9, {98.1, 96.9, 97.4, 95.1, 93.0, 90.2}, 16384},
      {"Llama-3.1-70B", 85.6, {96.5, 95.8, 95.4, 94.8, 88.4, 66.6}, 65536},
      {"Llama-3.1-8B", 85.6, {95.5, 93.8, 91.6, 87.4, 84.7, 77.0}, 32768},
      {"Yarn-base-7B", 79.4, {77.3, 67.5, 59.0, 47.3, 38.6, 13.9}, {}},
      {"LongLoRA-base", 79.4, {81.9, 80.4, 75.6, 65.1, 60.8, 0}, 8192},
      {"Together-base", 79.4, {84.6, 78.7, 68.3, 57.9, 0, 0}, 4096},
  };
  const auto per_mille = [](double percent) { return std::llround(10 * percent); };
  for (const Row& row : table) {
    std::vector<LengthScore> scores;
    std::vector<LengthCell> cells;  // 1,000 trials a length
    int64_t length = 4096;
    for (const double score : row.scores) {
      scores.push_back({length, score});
      cells.push_back({length, per_mille(score), 1000 - per_mille(score), 0});
      length *= 2;
    }
    EXPECT_EQ(longest_passing_length(scores, row.threshold), row.published) << row.model;
    const double tau = static_cast<double>(per_mille(row.threshold)) / 1000;
    EXPECT_EQ(point_length(cells, tau).length, row.published) << row.model;
  }
}

// RULER counts a length although a shorter one fails; the contiguous point length does not.
TEST(RulersRule, JumpsOverAFailureWhereThePointLengthStops) {
  EXPECT_EQ(longest_passing_length({{4096, .9}, {8192, .5}, {16384, .9}}, .85), 16384);
  EXPECT_EQ(point_length({{4096, 9, 1, 0}, {8192, 5, 5, 0}, {16384, 9, 1, 0}}, .85).length, 4096);
}

}  // namespace
}  // namespace evals::stats
