#include <gmock/gmock.h>

#include <limits>
#include <memory>
#include <stdexcept>

#include "evals/retrieval.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"
#include "tests/support/byte_tokenizer.h"

namespace evals {
namespace {

using testing::ElementsAre;
using tests::ByteTokenizer;

/// A prompt whose answer is " 12345", by bytes: first a space, then five digits.
Prompt asked() {
  Prompt prompt;
  prompt.key = "12345";
  prompt.answer = ByteTokenizer().encode(" 12345");
  prompt.first_digit = 1;
  prompt.terminator = '.';
  prompt.questions.resize(1);
  return prompt;
}

/// Scores of a model whose greedy answer is `text`.
std::vector<TokenScore> says(const std::string& text) {
  const std::string right = " 12345.";
  std::vector<TokenScore> scores;
  for (size_t at = 0; at < right.size(); ++at) {
    scores.push_back({-0.5f, text[at], text[at] == right[at] ? 0 : 2});
  }
  return scores;
}

Answer judged(const std::string& text) {
  return judge_answer(asked(), says(text), ByteTokenizer());
}

TEST(Judge, AcceptsTheAnswerWithAnyNonDigitBehindIt) {
  EXPECT_TRUE(judged(" 12345.").hit);
  EXPECT_TRUE(judged(" 12345,").hit);
  EXPECT_TRUE(judged(" 12345\n").hit);
  EXPECT_TRUE(judged(" 12345 ").hit);
}

TEST(Judge, TrapAnswerRunningOnIntoASixthDigitIsAMiss) {
  const Answer answer = judged(" 123456");
  EXPECT_FALSE(answer.hit);
  EXPECT_TRUE(answer.runs_on);
  EXPECT_THAT(answer.token_hits, ElementsAre(true, true, true, true, true, true));
}

SentencePieceTokenizer pieces() {
  return {std::string(ROPEWALK_SOURCE_DIR) + "/tests/goldens/prompts/bpe.model", true};
}

/// The right answer in SentencePiece's tokens, with `next` behind it.
Answer judged_with(Token next) {
  const SentencePieceTokenizer tokenizer = pieces();
  Prompt prompt = asked();
  const std::vector<Token> head = tokenizer.encode("is 12345");
  prompt.answer = {head.end() - 5, head.end()};
  std::vector<TokenScore> scores;
  for (const Token token : prompt.answer) scores.push_back({-0.1f, token, 0});
  scores.push_back({-0.1f, next, 0});
  return judge_answer(prompt, scores, tokenizer);
}

TEST(Judge, TrapANumberBehindASpaceIsAnotherNumber) {
  // SentencePiece decodes a lone "▁6" as "6": only decoding behind the answer tells them apart.
  const auto token_behind = [tokenizer = pieces()](const std::string& text) {
    const size_t at = tokenizer.encode("is 12345").size();
    return tokenizer.encode("is 12345" + text).at(at);
  };
  EXPECT_TRUE(judged_with(token_behind("6")).runs_on);
  EXPECT_FALSE(judged_with(token_behind(" 6")).runs_on);
  EXPECT_FALSE(judged_with(token_behind(". Remember")).runs_on);
}

TEST(Judge, TakesARowOfTheHeadThatIsNoTokenForNoDigit) {
  const auto padding = static_cast<Token>(pieces().vocabulary_size());
  EXPECT_TRUE(judged_with(padding).hit);
}

TEST(Judge, StoresEveryTokensHitRankArgmaxAndLogProbability) {
  const Answer answer = judged(" 12945!");
  EXPECT_FALSE(answer.hit);
  EXPECT_FALSE(answer.runs_on);
  EXPECT_THAT(answer.token_hits, ElementsAre(true, true, true, false, true, true));
  EXPECT_THAT(answer.ranks, ElementsAre(0, 0, 0, 2, 0, 0));
  EXPECT_THAT(answer.argmax, ElementsAre(' ', '1', '2', '9', '4', '5', '!'));
  EXPECT_THAT(answer.log_probs, testing::Each(-0.5f));
  EXPECT_EQ(answer.log_probs.size(), 6u);
}

TEST(Judge, CountsATieAsWonByTheLowerId) {
  std::vector<TokenScore> scores = says(" 12345.");
  scores[2] = {-0.7f, '1', 0};  // nothing is more probable than '2', but '1' is as probable
  EXPECT_FALSE(judge_answer(asked(), scores, ByteTokenizer()).hit);
}

TEST(Judge, CallsANonFiniteScoreDivergedAndAMiss) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const size_t at : {size_t{0}, size_t{6}}) {
      std::vector<TokenScore> scores = says(" 12345.");
      scores[at].log_prob = bad;
      const Answer answer = judge_answer(asked(), scores, ByteTokenizer());
      EXPECT_TRUE(answer.diverged);
      EXPECT_FALSE(answer.hit);
    }
  }
}

TEST(Judge, RefusesScoresOfAnotherPrompt) {
  std::vector<TokenScore> scores = says(" 12345.");
  scores.pop_back();
  EXPECT_THROW(judge_answer(asked(), scores, ByteTokenizer()), std::invalid_argument);
  const Retrieval landmark(*find_retrieval_protocol("passkey/landmark"),
                           std::make_shared<ByteTokenizer>());
  const Prompt prompt = landmark.prompt(AbsoluteTrial{1, 400, {1000, 2000}, 0});
  Scores one_branch;
  one_branch.branches.emplace_back(7);
  EXPECT_THROW(landmark.judge(prompt, one_branch), std::invalid_argument);
}

}  // namespace
}  // namespace evals
