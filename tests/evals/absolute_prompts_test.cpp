#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "evals/retrieval.h"
#include "tests/evals/support/message_of.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

TEST(Absolute, KeepsTheNeedleAndForksTheQuestionAtEveryLength) {
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    const std::vector<int64_t> lengths = {2048, 4096, 16384};
    const Prompt prompt = retrieval.prompt(AbsoluteTrial{1, 700, lengths, 5});
    EXPECT_NO_THROW(validate(prompt.document));
    ASSERT_EQ(prompt.document.branches.size(), 3u);
    EXPECT_EQ(prompt.document.scored.size(), 0);
    EXPECT_NEAR(static_cast<double>(prompt.needle.begin), 700, 91) << name;
    for (size_t index = 0; index < lengths.size(); ++index) {
      const Branch& branch = prompt.document.branches[index];
      const Question& question = prompt.questions[index];
      const auto answer = static_cast<int64_t>(prompt.answer.size());
      EXPECT_EQ(question.path, branch.length());
      EXPECT_EQ(branch.fork + branch.scored_from + answer +
                    std::max<int64_t>(1, retrieval.protocol().generation - answer),
                lengths[index]);
      EXPECT_EQ(question.distance, branch.fork + branch.scored_from - prompt.needle.begin);
    }
  }
}

TEST(Absolute, EndsEveryNeedleWithinTheShortestLength) {
  std::string text;  // sentences of 20 to 300 bytes
  for (int64_t i = 0; i < 200; ++i) {
    text += "Number " + std::to_string(i) + std::string(static_cast<size_t>(i * 37 % 280), 'n') +
            " it is. ";
  }
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  const Retrieval retrieval(protocol_named("niah/text"), tokenizer,
                            text_haystack(*tokenizer, {document_of("uneven", text)}));
  for (int64_t trial = 0; trial < 40; ++trial) {  // other sentences
    const int64_t last = retrieval.prompt(Trial{1, 2048, {1, 0}, trial}).needle.begin;
    const Prompt prompt = retrieval.prompt(AbsoluteTrial{1, last, {2048, 4096}, trial});
    const int64_t fork = prompt.document.branches.front().fork;
    EXPECT_LE(prompt.needle.end, fork);
    EXPECT_GT(prompt.needle.end, fork - 600) << "nor further ahead than two sentences";
  }
}

TEST(Absolute, LongerLengthsChangeNothingOfShorterOnes) {
  for (const std::string name : {"passkey/landmark", "passkey/landmark-char", "kv/json"}) {
    const Retrieval retrieval = ready(name);
    const Prompt few = retrieval.prompt(AbsoluteTrial{1, 700, {2048, 4096}, 5});
    const Prompt more = retrieval.prompt(AbsoluteTrial{1, 700, {2048, 4096, 16384}, 5});
    EXPECT_EQ(few.questions[0].prompt_sha256, more.questions[0].prompt_sha256) << name;
    EXPECT_EQ(few.questions[1].prompt_sha256, more.questions[1].prompt_sha256) << name;
  }
}

TEST(BadInput, ALengthThatEndsBeforeTheNeedle) {
  const Retrieval landmark = ready("passkey/landmark");
  EXPECT_EQ(message_of([&] {
              landmark.prompt(AbsoluteTrial{1, 1000, {600, 2000}, 0});
            }),
            "passkey/landmark: lengths: 600 ends before the needle at 1,000 does; the minimum is "
            "1,108");
  EXPECT_EQ(message_of([&] {
              landmark.prompt(AbsoluteTrial{1, 10, {600}, 0});
            }),
            "passkey/landmark: needle position: 10 lies in the task text; the minimum is 149");
  EXPECT_EQ(message_of([&] {
              landmark.prompt(AbsoluteTrial{1, 300, {2000, 1000}, 0});
            }),
            "passkey/landmark: lengths: must be ascending, and at least one");
}

}  // namespace
}  // namespace evals
