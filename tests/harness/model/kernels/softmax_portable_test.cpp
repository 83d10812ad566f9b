#include "harness/model/kernels/softmax_portable.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

model::SoftmaxRow fresh(float scale) {
  return {.scale = scale, .largest = std::numeric_limits<float>::lowest(), .sum = 0};
}

std::vector<float> random_scores(int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 20);
  std::vector<float> scores(count);
  for (float& score : scores) score = normal(random);
  return scores;
}

TEST(PortableSoftmax, TakesTilesAsOneSoftmaxOfAllTheirKeys) {
  const std::vector<float> scores = random_scores(700);
  const float scale = 0.25F;
  double largest = -infinity, sum = 0;
  for (const float score : scores) largest = std::max<double>(largest, score * scale);
  for (const float score : scores) sum += std::exp2(score * scale - largest);

  model::SoftmaxRow row = fresh(scale);
  std::vector<float> weights;
  for (size_t first = 0; first < scores.size(); first += 100) {
    std::vector<float> tile(scores.begin() + first, scores.begin() + first + 100);
    const float shrink = model::portable::absorb(row, tile.data(), 0, 100, 100);
    for (float& weight : weights) weight *= shrink;
    weights.insert(weights.end(), tile.begin(), tile.end());
  }
  EXPECT_EQ(row.largest, static_cast<float>(largest));
  EXPECT_NEAR(row.sum / sum, 1, 1e-6);
  for (size_t key = 0; key < scores.size(); ++key) {
    EXPECT_NEAR(weights[key], std::exp2(scores[key] * scale - largest), 1e-6) << key;
  }
}

TEST(PortableSoftmax, WeighsNoKeyOutsideTheRange) {
  for (const auto& [begin, end] :
       std::vector<std::pair<int64_t, int64_t>>{{3, 61}, {0, 0}, {7, 8}}) {
    std::vector<float> scores(64, 1e30F);
    std::fill(scores.begin() + begin, scores.begin() + end, 2.0F);
    model::SoftmaxRow row = fresh(1);
    model::portable::absorb(row, scores.data(), begin, end, 64);
    EXPECT_FLOAT_EQ(row.sum, static_cast<float>(end - begin));
    for (int64_t key = 0; key < 64; ++key) {
      EXPECT_FLOAT_EQ(scores[key], key >= begin && key < end ? 1.0F : 0.0F) << key;
    }
  }
}

TEST(PortableSoftmax, SumsToTheSameBitsWhereverTheKeysLie) {
  const std::vector<float> keys = random_scores(77);
  std::vector<float> sums;
  for (const int64_t begin : {0, 1, 19}) {
    std::vector<float> scores(128, 9e9F);
    std::copy(keys.begin(), keys.end(), scores.begin() + begin);
    model::SoftmaxRow row = fresh(0.3F);
    model::portable::absorb(row, scores.data(), begin, begin + 77, 128);
    sums.push_back(row.sum);
  }
  EXPECT_EQ(sums[0], sums[1]);
  EXPECT_EQ(sums[0], sums[2]);
}

TEST(PortableSoftmax, KnowsInfinityAndKeepsNaN) {
  std::vector<float> scores = {-infinity, 0, -1000, std::nanf(""), -infinity};
  model::SoftmaxRow row = fresh(1);
  model::portable::absorb(row, scores.data(), 0, 3, 5);
  EXPECT_FLOAT_EQ(scores[1], 1);
  EXPECT_FLOAT_EQ(row.sum, 1);
  scores[1] = 0;
  EXPECT_EQ(scores, std::vector<float>(5, 0));
  scores = {0, std::nanf("")};
  model::portable::absorb(row, scores.data(), 0, 2, 2);
  EXPECT_TRUE(std::isnan(row.sum));
  EXPECT_TRUE(std::isnan(scores[1]));
  // Nothing but keys of no weight: there is no mean of them.
  scores = {-infinity, -infinity};
  row = fresh(1);
  model::portable::absorb(row, scores.data(), 0, 2, 2);
  EXPECT_EQ(row.sum, 0);
}

}  // namespace
