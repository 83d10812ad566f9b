#include "harness/sweep/trial_batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sweep {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

/// Trials 0, 1, ... that share these many tokens.
std::vector<SharingTrial> sharing(const std::vector<int64_t>& tokens) {
  std::vector<SharingTrial> trials;
  for (const int64_t shared : tokens) {
    trials.push_back({static_cast<int64_t>(trials.size()), shared});
  }
  return trials;
}

TEST(TrialBatches, TakeTheDeepestFirstAndNoMoreThanTheRowsOfTwoPaths) {
  // One path of 4,096 tokens, and of the others what is their own: 1,024 behind 3,072 ...
  EXPECT_EQ(batch_trials(sharing({0, 1030, 2050, 3072, 511, 1024, 2048, 3583, 0, 1535, 2100, 3100}),
                         4096),
            (Batches{{3, 7, 10, 11}, {2, 6}, {1, 9}, {5}, {4}, {0}, {8}}));
}

TEST(TrialBatches, HoldEveryTrialThatIsAskedOnceWithinTwoPaths) {
  std::vector<SharingTrial> trials;
  for (int64_t trial = 0; trial < 300; ++trial) trials.push_back({trial, trial * 7919 % 4000});
  for (const int64_t path : {4001, 4096, 4608, 65536}) {
    std::vector<int64_t> found;
    for (const auto& batch : batch_trials(trials, path)) {
      found.insert(found.end(), batch.begin(), batch.end());
      int64_t deepest = path;
      int64_t rows = path;
      for (const int64_t trial : batch) {
        const int64_t own = path - trials[static_cast<size_t>(trial)].shared / 512 * 512;
        rows += own;
        deepest = std::min(deepest, own);
      }
      EXPECT_LE(rows - deepest, 2 * path) << "the deepest is the end of the first path";
      EXPECT_LE(batch.size(), 64u);
    }
    EXPECT_EQ(found.size(), trials.size());
    EXPECT_EQ(std::set<int64_t>(found.begin(), found.end()).size(), trials.size());
  }
}

TEST(TrialBatches, AreSingleTrialsWhereNoWholeBlockIsShared) {
  EXPECT_EQ(batch_trials(sharing({511, 0, 100}), 4096), (Batches{{0}, {2}, {1}}));
  EXPECT_EQ(batch_trials({}, 4096), Batches{});
}

}  // namespace
}  // namespace sweep
