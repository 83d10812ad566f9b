#include "harness/sweep/trial_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace sweep {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

RetrievalEval eval_of(const std::string& protocol, int64_t depths) {
  RetrievalEval eval;
  eval.protocol = protocol;
  eval.depths = {evals::DepthDesign::Kind::stratified, depths};
  return eval;
}

std::vector<int64_t> up_to(int64_t count) {
  std::vector<int64_t> trials(static_cast<size_t>(count));
  std::iota(trials.begin(), trials.end(), 0);
  return trials;
}

TEST(TrialBatches, TakeTheDeepestFirstAndNoMoreThanTheRowsOfTwoPaths) {
  // Of 4,096 tokens: 3/4 that three trials share, their last quarters, and half of a fourth.
  const auto eval = eval_of("passkey/landmark/1", 4);
  EXPECT_EQ(batch_trials(eval, 4096, up_to(12)),
            (Batches{{2, 3, 7, 11}, {6, 10}, {1, 5}, {9}, {0}, {4}, {8}}));
}

TEST(TrialBatches, HoldEveryTrialThatIsAskedOnce) {
  const auto eval = eval_of("passkey/ruler-s1/1", 15);
  for (const int64_t length : {1024, 4096, 65536}) {
    const std::vector<int64_t> asked = {1, 4, 7, 10, 13, 14, 22, 29, 31, 44, 59};
    std::vector<int64_t> found;
    for (const auto& batch : batch_trials(eval, length, asked)) {
      found.insert(found.end(), batch.begin(), batch.end());
    }
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(asked)) << length;
  }
}

TEST(TrialBatches, HoldAllControlsWithoutANeedleWhichDifferInTheQuestionAlone) {
  auto eval = eval_of("passkey/landmark/1", 10);
  eval.absent = true;
  EXPECT_EQ(batch_trials(eval, 4096, up_to(10)), Batches{up_to(10)});
  EXPECT_EQ(batch_trials(eval, 4096, up_to(100)).size(), 2u) << "at most 64, which are compared";
}

TEST(TrialBatches, AreSingleTrialsWherePromptsHaveNothingToShare) {
  const Batches singly = {{0}, {1}, {2}, {3}};
  for (const char* protocol : {"kv/json/1", "niah/text/1"}) {  // hay is drawn for every trial
    EXPECT_EQ(batch_trials(eval_of(protocol, 2), 4096, up_to(4)), singly) << protocol;
  }
  auto eval = eval_of("passkey/landmark/1", 2);
  EXPECT_EQ(batch_trials(eval, 600, up_to(4)), singly) << "no whole block lies before a needle";
  eval.placement = evals::Placement::absolute;  // a trial has a document of its own already
  EXPECT_EQ(batch_trials(eval, 4096, up_to(4)), singly);
}

}  // namespace
}  // namespace sweep
