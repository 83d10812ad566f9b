#include "evals/stats/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace evals::stats {
namespace {

using Documents = std::vector<std::vector<double>>;

/// Documents whose tokens share a document effect.
Documents noisy(int64_t documents, int64_t tokens, const char* name) {
  const base::CounterRandom random{base::Json(name)};
  Documents out;
  uint64_t draw = 0;
  for (int64_t d = 0; d < documents; ++d) {
    const double effect = random.unit(draw++) - 0.5;
    std::vector<double> values;
    for (int64_t i = 0; i < tokens; ++i) values.push_back(effect + random.unit(draw++) - 0.5);
    out.push_back(values);
  }
  return out;
}

TEST(Resampler, IsAPureFunctionOfIdentityResampleAndPosition) {
  const Resampler resampler(base::Json::array({1, "yarn", 8192}));
  const Resampler same(base::Json::array({1, "yarn", 8192}));
  const Resampler other(base::Json::array({1, "yarn", 16384}));
  std::vector<int32_t> a(50), b(50), c(50), d(50);
  resampler.draw(7, 0, 50, a.data());
  same.draw(7, 0, 50, b.data());
  other.draw(7, 0, 50, c.data());
  resampler.draw(8, 0, 50, d.data());
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  EXPECT_NE(a, d);
}

TEST(Resampler, DrawsEveryUnitEquallyOften) {
  const Resampler resampler(base::Json("uniform"));
  constexpr int64_t units = 7;
  constexpr int64_t resamples = 10000;
  std::vector<int64_t> seen(units, 0);
  std::vector<int32_t> drawn(units);
  for (int64_t b = 0; b < resamples; ++b) {
    resampler.draw(b, 3, units, drawn.data());
    for (const int32_t unit : drawn) ++seen.at(static_cast<size_t>(unit));
  }
  const double deviation = std::sqrt(resamples * (1 - 1.0 / units));
  for (const int64_t count : seen) EXPECT_NEAR(count, resamples, 5 * deviation);
}

TEST(ClusterBootstrap, WeighsTokensNotDocuments) {
  std::vector<Cluster> clusters;
  for (int64_t i = 0; i < 8; ++i) clusters.push_back({1.0 * 100, 100, 0});
  clusters.push_back({3.0 * 800, 800, 0});
  EXPECT_DOUBLE_EQ(cluster_bootstrap(clusters, {1000, 0.05, "weights"}).value, 2.0);
}

TEST(ClusterBootstrap, GivesNoBoundsBelowEightClusters) {
  std::vector<Cluster> clusters(7, {1, 1, 0});
  EXPECT_FALSE(cluster_bootstrap(clusters, {1000, 0.05, "few"}).bounds);
  clusters.push_back({2, 1, 0});
  EXPECT_TRUE(cluster_bootstrap(clusters, {1000, 0.05, "few"}).bounds);
  clusters.push_back({2, 1, 1});  // alone in its stratum
  EXPECT_FALSE(cluster_bootstrap(clusters, {1000, 0.05, "few"}).bounds);
}

TEST(ClusterBootstrap, HasNoWidthWithoutSpread) {
  const std::vector<Cluster> clusters(10, {0, 64, 0});
  const Estimate estimate = cluster_bootstrap(clusters, {1000, 0.05, "constant"});
  EXPECT_EQ(estimate.bounds->low, 0);
  EXPECT_EQ(estimate.bounds->high, 0);
}

TEST(ClusterBootstrap, FindsZeroPossibleForNoiseAndImpossibleForAShift) {
  const Documents documents = noisy(20, 64, "p-value");
  Documents shifted = documents;
  for (auto& values : shifted) {
    for (double& value : values) value += 1;
  }
  EXPECT_GT(document_bootstrap(documents, {999, 0.05, "p"}).p_value.value(), 0.05);
  EXPECT_EQ(document_bootstrap(shifted, {999, 0.05, "p"}).p_value.value(), 0.001);
}

TEST(ClusterBootstrap, IsWiderThanBlocksWhenDocumentsDiffer) {
  const Documents documents = noisy(10, 256, "effects");
  const Estimate whole = document_bootstrap(documents, {2000, 0.05, "w"});
  EXPECT_FALSE(whole.conditional);
  EXPECT_EQ(whole.units, 10);
  const Estimate blocks =
      document_bootstrap(Documents(documents.begin(), documents.begin() + 7), {2000, 0.05, "w"});
  EXPECT_TRUE(blocks.conditional);
  EXPECT_EQ(blocks.documents, 7);
  EXPECT_EQ(blocks.units, 7 * 16);
  EXPECT_GT(whole.bounds->high - whole.bounds->low, 2 * (blocks.bounds->high - blocks.bounds->low));
}

// A difference between documents is no uncertainty about these documents.
TEST(BlockBootstrap, ResamplesBlocksWithinTheirDocumentOnly) {
  Documents documents;
  for (int64_t d = 0; d < 4; ++d) documents.push_back(std::vector<double>(256, 1.0 * d));
  const Estimate estimate = document_bootstrap(documents, {1000, 0.05, "strata"});
  EXPECT_TRUE(estimate.conditional);
  EXPECT_DOUBLE_EQ(estimate.value, 1.5);
  EXPECT_DOUBLE_EQ(estimate.bounds->low, 1.5);
  EXPECT_DOUBLE_EQ(estimate.bounds->high, 1.5);
}

TEST(BlockBootstrap, CutsBlocksOfASixteenthOfTheDocument) {
  EXPECT_EQ(block_length(100), 16);
  EXPECT_EQ(block_length(512), 32);
  EXPECT_EQ(block_length(1024), 64);
  EXPECT_EQ(block_length(100000), 64);
  EXPECT_FALSE(document_bootstrap(noisy(1, 100, "short"), {1000, 0.05, "s"}).bounds);  // 7 blocks
  EXPECT_TRUE(document_bootstrap(noisy(1, 128, "long"), {1000, 0.05, "s"}).bounds);    // 8 blocks
}

TEST(Bootstrap, RefusesWhatGivesNoBound) {
  const std::vector<Cluster> clusters(10, {1, 1, 0});
  EXPECT_THROW(cluster_bootstrap(clusters, {18, 0.05, "x"}), base::Error);
  EXPECT_NO_THROW(cluster_bootstrap(clusters, {19, 0.05, "x"}));
  EXPECT_THROW(cluster_bootstrap(clusters, {1000, 0.5, "x"}), base::Error);
  EXPECT_THROW(cluster_bootstrap({}, {1000, 0.05, "x"}), base::Error);
  EXPECT_THROW(document_bootstrap({std::vector<double>{}}, {1000, 0.05, "x"}), base::Error);
}

}  // namespace
}  // namespace evals::stats
