#include "evals/oracle_model.h"

#include <gmock/gmock.h>

#include "harness/base/error.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

using testing::ElementsAre;

TEST(Oracle, IsRightExactlyWhereItIsProgrammedToBe) {
  OracleTruth truth;
  truth.recall = [](int64_t length, double depth) {
    return length <= 8192 && depth < 0.75 ? 1.0 : 0.0;
  };
  OracleModel oracle(truth);
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    for (const int64_t length : {2048, 8192, 8448, 16384}) {
      for (const double depth : {0.1, 0.5, 0.95}) {
        const Prompt prompt = retrieval.prompt(trial_at(length, depth));
        const Answer answer = retrieval.judge(prompt, oracle.score(prompt.document, {})).at(0);
        EXPECT_EQ(answer.hit, length <= 8192 && depth < 0.75) << name << length << " " << depth;
      }
    }
  }
}

TEST(Oracle, NeverFindsAnAbsentNeedle) {
  OracleModel oracle{OracleTruth{}};
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    for (int64_t number = 0; number < 20; ++number) {
      const Prompt prompt = retrieval.prompt(Trial{1, 2000, {0.5, 0}, number, true});
      EXPECT_FALSE(retrieval.judge(prompt, oracle.score(prompt.document, {})).at(0).hit) << name;
    }
  }
}

TEST(Oracle, IsRightAsOftenAsProgrammed) {
  OracleTruth truth;
  truth.recall = [](int64_t, double) { return 0.85; };
  truth.seed = 3;
  OracleModel oracle(truth);
  const Retrieval landmark = ready("passkey/landmark");
  int64_t hits = 0;
  for (int64_t number = 0; number < 2000; ++number) {
    const Prompt prompt = landmark.prompt(trial_at(600, 0.5, number));
    hits += landmark.judge(prompt, oracle.score(prompt.document, {})).at(0).hit ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(hits), 1700, 3 * 16);  // three standard errors
}

TEST(Oracle, GivesOnePathTheSameScoresInTrunkAndBranch) {
  OracleTruth truth;
  truth.recall = [](int64_t, double) { return 0.5; };
  truth.nll = [](int64_t position) { return 1.0 / static_cast<double>(1 + position); };
  truth.noise = 0.1;
  OracleModel oracle(truth);
  const Retrieval landmark = ready("passkey/landmark");
  for (int64_t number = 0; number < 30; ++number) {
    const Prompt prompt = landmark.prompt(trial_at(600, 0.5, number));
    const auto& trunk = prompt.document.trunk;
    const int64_t at = prompt.document.scored.begin;
    Document forked;
    forked.trunk = {trunk.begin(), trunk.begin() + at - 7};
    forked.branches = {{at - 7, {trunk.begin() + at - 7, trunk.end()}, 7}};
    EXPECT_EQ(oracle.score(prompt.document, {}).trunk, oracle.score(forked, {}).branches[0]);
  }
}

TEST(Oracle, StopsWhenItIsCancelled) {
  OracleModel oracle{OracleTruth{}};
  const Prompt prompt = ready("passkey/landmark").prompt(trial_at(600, 0.5));
  try {
    oracle.score(prompt.document, {nullptr, [] { return true; }});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::cancelled);
  }
}

TEST(Oracle, JudgesEveryLengthOfATrunkByItself) {
  OracleTruth truth;
  truth.recall = [](int64_t length, double) { return length <= 4096 ? 1.0 : 0.0; };
  OracleModel oracle(truth);
  const Retrieval landmark = ready("passkey/landmark");
  const Prompt prompt = landmark.prompt(AbsoluteTrial{1, 700, {2048, 4096, 8192}, 0});
  const auto answers = landmark.judge(prompt, oracle.score(prompt.document, {}));
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_THAT((std::vector<bool>{answers[0].hit, answers[1].hit, answers[2].hit}),
              ElementsAre(true, true, false));
}

}  // namespace
}  // namespace evals
