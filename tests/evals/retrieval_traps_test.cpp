#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "evals/pieces.h"
#include "tests/evals/support/ready_protocols.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"

// What went wrong in published passkey scripts, one test each.
namespace evals {
namespace {

std::shared_ptr<const Tokenizer> sentencepiece_model(const std::string& name, bool bos) {
  return std::make_shared<SentencePieceTokenizer>(
      std::string(ROPEWALK_SOURCE_DIR) + "/tests/goldens/prompts/" + name + ".model", bos);
}

std::string words_before_needle(const Retrieval& retrieval, double depth) {
  const Prompt prompt = retrieval.prompt(trial_at(3000, depth));
  const auto needle = prompt.document.trunk.begin() + prompt.needle.begin;
  return ByteTokenizer().decode({needle - 12, needle});
}

TEST(Trap, KeysNeverHaveFewerThanFiveDigits) {
  const Retrieval landmark = ready("passkey/landmark");
  const Retrieval zeros = ready("passkey/infinitebench");
  bool has_leading_zero = false;
  for (int64_t number = 0; number < 400; ++number) {
    const std::string key = landmark.prompt(trial_at(400, 0, number)).key;
    EXPECT_EQ(key.size(), 5u);
    EXPECT_NE(key[0], '0');
    const std::string other = zeros.prompt(trial_at(400, 0, number)).key;
    EXPECT_EQ(other.size(), 5u);
    has_leading_zero = has_leading_zero || other[0] == '0';
  }
  EXPECT_TRUE(has_leading_zero);
}

TEST(Trap, CharacterSlicingCutsWordsBesideTheNeedleAndWholeUnitsDoNot) {
  std::set<std::string> sliced;
  std::set<std::string> whole;
  for (const double depth : {0.2, 0.3, 0.4, 0.5, 0.6}) {
    sliced.insert(words_before_needle(ready("passkey/landmark-char"), depth));
    whole.insert(words_before_needle(ready("passkey/landmark"), depth));
  }
  EXPECT_EQ(sliced.size(), 5u);
  EXPECT_THAT(whole, testing::ElementsAre(" back again."));
}

TEST(Trap, TheSuffixOfASlicedHaystackStartsAtPhaseZero) {
  const Prompt prompt = ready("passkey/landmark-char").prompt(trial_at(3000, 0.43));
  const auto behind = prompt.document.trunk.begin() + prompt.needle.end;
  EXPECT_EQ(ByteTokenizer().decode({behind, behind + 9}), "The grass");
}

TEST(Trap, ATokenizerWithoutBosKeepsTheFirstDigit) {
  // LongLoRA's scorer drops the first id of tokenizer(answer), which is a digit where no BOS is.
  for (const char* model : {"bpe", "unigram"}) {
    for (const bool bos : {false, true}) {
      const auto tokenizer = sentencepiece_model(model, bos);
      const Retrieval landmark(protocol_named("passkey/landmark"), tokenizer);
      const Prompt prompt = landmark.prompt(trial_at(512, 0.5));
      const std::vector<Token> digits(prompt.answer.begin() + prompt.first_digit,
                                      prompt.answer.end());
      EXPECT_EQ(digits.size(), 5u) << model << bos;
      EXPECT_THAT(tokenizer->decode(digits), testing::EndsWith(prompt.key));
    }
  }
}

TEST(Trap, TheAnswerHasTheTokensThatItHasInContext) {
  for (const char* model : {"bpe", "unigram"}) {
    const auto tokenizer = sentencepiece_model(model, false);
    const Retrieval landmark(protocol_named("passkey/landmark"), tokenizer);
    const Prompt prompt = landmark.prompt(trial_at(512, 0.5));
    const std::vector<Token> whole = continue_with(
        *tokenizer, std::string(protocol_named("passkey/landmark").question) + " " + prompt.key);
    const auto size = static_cast<std::ptrdiff_t>(prompt.answer.size());
    EXPECT_EQ(std::vector<Token>(whole.end() - size, whole.end()), prompt.answer);
  }
}

TEST(Trap, NoPromptEndsInASpace) {
  // A trailing space is a token of its own in SentencePiece, and the answer another one's.
  for (const RetrievalProtocol& protocol : retrieval_protocols()) {
    EXPECT_NE(protocol.question.back(), ' ') << protocol.name;
  }
  const auto tokenizer = sentencepiece_model("bpe", true);
  EXPECT_NE(continue_with(*tokenizer, "The pass key is ").size(),
            continue_with(*tokenizer, "The pass key is").size());
}

TEST(Trap, NoLengthCutsTheQuestionOff) {
  // PoSE's script truncates long prompts on the right, where the question is.
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    const std::string question(retrieval.protocol().question);
    const size_t hole = question.rfind('}');
    const std::string end = hole == std::string::npos ? question : question.substr(hole + 1);
    for (const int64_t length : {retrieval.minimum_length(), int64_t{1000}, int64_t{20000}}) {
      const Prompt prompt = retrieval.prompt(trial_at(length, 0.5));
      const auto& trunk = prompt.document.trunk;
      EXPECT_THAT(
          ByteTokenizer().decode({trunk.begin(), trunk.begin() + prompt.document.scored.begin}),
          testing::EndsWith(end))
          << name << " " << length;
    }
  }
}

TEST(Trap, BosStandsOnceAndNeverInTheNeedle) {
  const auto tokenizer = sentencepiece_model("bpe", true);
  for (const std::string& name : names()) {
    if (name == "niah/text") continue;  // needs a corpus; its pieces are landmark's
    const Retrieval retrieval(protocol_named(name), tokenizer);
    const Prompt prompt = retrieval.prompt(trial_at(1024, 0.5));
    const auto& trunk = prompt.document.trunk;
    EXPECT_EQ(trunk.front(), *tokenizer->bos()) << name;
    EXPECT_EQ(std::count(trunk.begin(), trunk.end(), *tokenizer->bos()), 1) << name;
  }
}

TEST(Trap, TheNeedleIsNotReadAsABeginning) {
  // With a dummy prefix, encode("\nThe pass key") begins with a lone space that the text has not.
  const auto tokenizer = sentencepiece_model("bpe", true);
  const Retrieval landmark(protocol_named("passkey/landmark"), tokenizer);
  const Prompt prompt = landmark.prompt(trial_at(512, 0.5));
  const std::vector<Token> prompt_ids(prompt.document.trunk.begin() + 1,
                                      prompt.document.trunk.begin() + prompt.document.scored.begin);
  EXPECT_THAT(tokenizer->decode(prompt_ids), testing::HasSubstr("again.\nThe pass key is"));
}

TEST(Pieces, DifferFromTheJoinedTextOnlyWhereTheTokenizerMergesAcrossThem) {
  const std::string text = "There and back again.\nThe pass key is";
  for (const char* model : {"bpe", "unigram"}) {
    const auto tokenizer = sentencepiece_model(model, false);
    std::vector<Token> pieces = continue_with(*tokenizer, "There and back again.");
    const std::vector<Token> rest = continue_with(*tokenizer, "\nThe pass key is");
    pieces.insert(pieces.end(), rest.begin(), rest.end());
    const std::vector<Token> joined = continue_with(*tokenizer, text);
    // Neither model merges a full stop or a letter with a newline.
    EXPECT_EQ(pieces, joined) << model;
  }
}

/// Bytes, but "\n\n" is one token: text that begins with a newline has no tokens of its own behind
/// one.
class MergesEmptyLines : public ByteTokenizer {
 public:
  std::vector<Token> encode(std::string_view utf8) const override {
    std::vector<Token> tokens;
    for (const Token token : ByteTokenizer::encode(utf8)) {
      if (token == '\n' && !tokens.empty() && tokens.back() == '\n') {
        tokens.back() = 256;
      } else {
        tokens.push_back(token);
      }
    }
    return tokens;
  }
};

TEST(Pieces, OfAMergingTokenizerAreTakenBehindAnotherAnchorAndStayAuthoritative) {
  const MergesEmptyLines tokenizer;
  EXPECT_THAT(continue_with(tokenizer, "\nA"), testing::ElementsAre('\n', 'A'));
  // Joined, an empty run of hay (depth 0) would melt two newlines into one token.
  EXPECT_THAT(tokenizer.encode("again.\n\nA"), testing::Contains(256));
  const Retrieval landmark(protocol_named("passkey/landmark"),
                           std::make_shared<MergesEmptyLines>());
  EXPECT_THAT(landmark.prompt(trial_at(400, 0)).document.trunk,
              testing::Not(testing::Contains(256)));
}

}  // namespace
}  // namespace evals
