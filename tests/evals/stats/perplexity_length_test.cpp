#include "evals/stats/perplexity_length.h"

#include <gtest/gtest.h>

#include <limits>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace evals::stats {
namespace {

constexpr int64_t trained = 4096;
const Resampling thousand_draws{1000, 0.05, "perplexity"};

/// Ten documents of 32 targets around a mean difference; the spread is +- 0.001.
PerplexityCell cell(int64_t length, double difference, int64_t documents = 10) {
  const base::CounterRandom random(base::Json::array({"cell", length}));
  PerplexityCell out{length, {}, 0};
  uint64_t draw = 0;
  for (int64_t d = 0; d < documents; ++d) {
    PairedDocument document{"book " + std::to_string(d), {}};
    for (int64_t i = 0; i < 32; ++i) {
      document.differences.push_back(difference + 0.002 * (random.unit(draw++) - 0.5));
    }
    out.documents.push_back(document);
  }
  return out;
}

PerplexityLengths judged(const std::vector<PerplexityCell>& cells) {
  return perplexity_lengths(cells, trained, thousand_draws);
}

TEST(PerplexityLength, TellsNotWorseFromBetter) {
  const auto lengths =
      judged({cell(4096, 0.005), cell(8192, -0.1), cell(16384, 0.008), cell(32768, 0.02)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{16384, Ending::not_shown, 32768}));
  EXPECT_EQ(lengths.better, (LengthClaim{8192, Ending::not_shown, 16384}));
}

TEST(PerplexityLength, IsContiguous) {
  const auto lengths = judged({cell(4096, 0), cell(8192, 0.05), cell(16384, -0.1)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{4096, Ending::not_shown, 8192}));
  EXPECT_EQ(lengths.better, (LengthClaim{{}, Ending::not_shown, 8192}));
}

TEST(PerplexityLength, LeavesTheTrainedWindowToTheShortContextCost) {
  const auto lengths = judged({cell(2048, 5.0), cell(4096, 0), cell(8192, -0.1)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{8192, Ending::all_lengths, {}}));
  EXPECT_EQ(lengths.steps.size(), 2u);
}

TEST(PerplexityLength, PlainAgainstItselfIsNotWorseAndNotBetter) {
  PerplexityCell same = cell(4096, 0);
  PerplexityCell also = cell(8192, 0);
  for (auto* c : {&same, &also}) {
    for (auto& document : c->documents) document.differences.assign(32, 0.0);
  }
  const auto lengths = judged({same, also});
  EXPECT_EQ(lengths.not_worse.length, 8192);
  EXPECT_EQ(lengths.better, (LengthClaim{{}, Ending::not_shown, 8192}));
}

TEST(PerplexityLength, TakesADivergedDocumentForAFailure) {
  PerplexityCell diverged = cell(8192, -0.1);
  diverged.documents[3].differences[5] = std::numeric_limits<double>::quiet_NaN();
  const auto lengths = judged({cell(4096, 0), diverged, cell(16384, -0.1)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{4096, Ending::not_shown, 8192}));
  EXPECT_EQ(lengths.better, (LengthClaim{{}, Ending::not_shown, 8192}));
  EXPECT_TRUE(lengths.steps[1].diverged);
}

TEST(PerplexityLength, StopsAtAnOutOfMemoryLength) {
  PerplexityCell starved = cell(8192, -0.1, 9);
  starved.missing = 1;
  const auto lengths = judged({cell(4096, 0), starved, cell(16384, -0.1)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{4096, Ending::missing, 8192}));
  EXPECT_EQ(lengths.better, (LengthClaim{{}, Ending::missing, 8192}));
}

TEST(PerplexityLength, StopsAtASkippedLength) {
  const auto lengths = judged({cell(4096, 0), cell(8192, -0.1), {16384, {}, 0}, cell(32768, -0.1)});
  EXPECT_EQ(lengths.not_worse, (LengthClaim{8192, Ending::missing, 16384}));
  EXPECT_EQ(lengths.better, (LengthClaim{8192, Ending::missing, 16384}));
}

// A document that is too short for the longest length would flatter or hurt the shorter ones.
TEST(PerplexityLength, ComparesOnlyDocumentsThatReachEveryLength) {
  PerplexityCell all = cell(4096, 0, 12);
  for (size_t d = 10; d < 12; ++d) all.documents[d].differences.assign(32, 50.0);
  const auto lengths = judged({all, cell(8192, 0, 10)});
  EXPECT_EQ(lengths.common_documents.size(), 10u);
  EXPECT_EQ(lengths.not_worse.length, 8192);
  EXPECT_LT(lengths.steps[0].difference->value, 0.01);
}

TEST(PerplexityLength, LabelsFewDocumentsAsConditional) {
  const auto lengths = judged({cell(4096, 0, 7)});
  EXPECT_TRUE(lengths.steps[0].difference->conditional);
  EXPECT_EQ(lengths.not_worse.length, 4096);
}

TEST(PerplexityLength, ClaimsNothingOnTooFewBlocks) {
  const auto lengths = judged({cell(4096, 0, 3)});  // 3 documents of 2 blocks
  EXPECT_EQ(lengths.not_worse, (LengthClaim{{}, Ending::too_few_trials, 4096}));
}

TEST(PerplexityLength, ClaimsNothingWithoutACommonDocument) {
  PerplexityCell other = cell(8192, 0);
  for (auto& document : other.documents) document.document += " (another)";
  EXPECT_EQ(judged({cell(4096, 0), other}).not_worse, (LengthClaim{{}, Ending::missing, 4096}));
}

TEST(PerplexityLength, RefusesTargetsThatDiffer) {
  PerplexityCell longer = cell(8192, 0);
  longer.documents[2].differences.push_back(0);
  EXPECT_THROW(judged({cell(4096, 0), longer}), base::Error);
  EXPECT_THROW(judged({cell(8192, 0), cell(4096, 0)}), base::Error);
  PerplexityCell twice = cell(4096, 0);
  twice.documents.push_back(twice.documents[0]);
  EXPECT_THROW(judged({twice}), base::Error);
}

TEST(ShortContextCost, IsTheMeanDifferenceInsideTheWindow) {
  const auto cost = short_context_cost(cell(2048, 0.25), thousand_draws);
  ASSERT_TRUE(cost);
  EXPECT_NEAR(cost->value, 0.25, 0.001);
  EXPECT_LT(cost->bounds->low, cost->value);
  EXPECT_GT(cost->bounds->high, cost->value);
}

TEST(ShortContextCost, IsUnknownWhenDivergedOrMissing) {
  PerplexityCell broken = cell(2048, 0);
  broken.documents[0].differences[0] = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(short_context_cost(broken, thousand_draws));
  PerplexityCell starved = cell(2048, 0);
  starved.missing = 1;
  EXPECT_FALSE(short_context_cost(starved, thousand_draws));
}

}  // namespace
}  // namespace evals::stats
