#include "evals/corpus.h"

#include <gmock/gmock.h>

#include <fstream>

#include "evals/depths.h"
#include "evals/perplexity.h"
#include "evals/retrieval.h"
#include "evals/sentences.h"
#include "harness/base/error.h"
#include "harness/base/sha256.h"
#include "tests/evals/support/byte_tokenizer.h"
#include "tests/evals/support/ready_protocols.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"
#include "tests/support/temporary_folder.h"

namespace evals {
namespace {

using testing::ElementsAre;

class Corpus : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  tests::TemporaryFolder folder_;
};

/// what() of the base::Error that `action` throws, the temporary folder left out.
template <class Action>
std::string message_of(Action action, const std::string& folder = {}) {
  try {
    action();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::input);
    std::string text = error.what();
    for (size_t at = text.find(folder + "/"); !folder.empty() && at != std::string::npos;
         at = text.find(folder + "/")) {
      text.erase(at, folder.size() + 1);
    }
    return text;
  }
  return "nothing was thrown";
}

TEST_F(Corpus, ReadsEveryFileAsADocumentOfItsOwn) {
  const auto documents =
      read_corpus({write("a.txt", "one"), write("b.txt", "two!")}, ByteTokenizer());
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0].text, "one");
  EXPECT_THAT(documents[1].tokens, ElementsAre('t', 'w', 'o', '!'));
  EXPECT_EQ(documents[0].sha256, base::sha256_hex("one"));
}

TEST_F(Corpus, FingerprintFollowsTextAndOrder) {
  const auto a = write("a.txt", "one");
  const auto b = write("b.txt", "two");
  EXPECT_NE(fingerprint(read_corpus({a, b}, ByteTokenizer())),
            fingerprint(read_corpus({b, a}, ByteTokenizer())));
}

TEST_F(Corpus, RefusesEveryBadFileInOneMessage) {
  const auto good = write("good.txt", "text");
  const auto same = write("same.txt", "text");
  const auto empty = write("empty.txt", "");
  const auto blank = write("blank.txt", " \n\t");
  const auto latin = write("latin.txt", "caf\xe9");
  EXPECT_EQ(
      message_of(
          [&] {
            read_corpus({good, same, empty, blank}, ByteTokenizer());
          },
          folder_.path().string()),
      "corpus: same.txt: has the same text as good.txt; documents are the sampling unit; list "
      "each once\n"
      "corpus: empty.txt: is empty; give a text file, or take it out of the corpus\n"
      "corpus: blank.txt: holds nothing but white space; give a text file, or take it out of "
      "the corpus");
  const std::string not_utf8 =
      message_of([&] { read_corpus({latin}, ByteTokenizer()); }, folder_.path().string());
  EXPECT_THAT(not_utf8, testing::StartsWith("corpus: latin.txt: "));
  EXPECT_THAT(not_utf8, testing::HasSubstr("3"));
  EXPECT_THAT(not_utf8, testing::HasSubstr("UTF-8"));
  EXPECT_EQ(message_of([] { read_corpus({}, ByteTokenizer()); }),
            "corpus: names no file; give at least one text file");
}

TEST_F(Corpus, SaysWhyADocumentIsTooShort) {
  const auto document = read_document(write("a.txt", std::string(1000, 'x')), ByteTokenizer());
  EXPECT_EQ(too_short(document, 1000), std::nullopt);
  EXPECT_THAT(*too_short(document, 4096),
              testing::EndsWith("a.txt: has 1,000 tokens, 4,096 are needed"));
}

TEST_F(Corpus, CountsTheBytesOfAnyRangeOfTokens) {
  const SentencePieceTokenizer tokenizer(
      std::string(ROPEWALK_SOURCE_DIR) + "/tests/goldens/prompts/bpe.model", true);
  const auto document = read_document(write("a.txt", natural_text(30)), tokenizer);
  int64_t bytes = 0;
  for (int64_t begin = 0; begin < document.length(); begin += 100) {
    const Range range{begin, std::min(begin + 100, document.length())};
    bytes += text_bytes(document, range, tokenizer);
  }
  EXPECT_EQ(bytes, static_cast<int64_t>(document.text.size()));
  for (int64_t end = 1; end <= document.length(); end += 7) {
    const std::vector<Token> before(document.tokens.begin(), document.tokens.begin() + end);
    EXPECT_EQ(text_bytes(document, {0, end}, tokenizer),
              static_cast<int64_t>(tokenizer.decode(before).size()));
    EXPECT_EQ(
        text_bytes(document, {end / 2, end}, tokenizer),
        text_bytes(document, {0, end}, tokenizer) - text_bytes(document, {0, end / 2}, tokenizer));
  }
}

TEST(Sentences, JoinToTheSameText) {
  const std::string text =
      "Mr. Bennet (so he said). \"Is it?\" 3.14 is pi!\n\nNext paragraph\n\nLast。中文！ok" +
      std::string(5000, 'x');
  std::string joined;
  for (const std::string_view sentence : sentences(text)) {
    joined += sentence;
    EXPECT_LE(sentence.size(), 2000u);
  }
  EXPECT_EQ(joined, text);
}

TEST(Sentences, EndBehindMarksAndBeforeEmptyLines) {
  EXPECT_THAT(sentences("One is. \"Two?\" 3.14 is pi!\n\nNo mark\n\nEnd"),
              ElementsAre("One is.", " \"Two?\"", " 3.14 is pi!", "\n\nNo mark", "\n\nEnd"));
}

// ---- what else can be asked for in vain ---------------------------------------------------------

TEST(BadInput, ALengthShorterThanTheFixedPartsSaysTheMinimum) {
  const Retrieval landmark = ready("passkey/landmark");
  EXPECT_EQ(landmark.minimum_length(), 346);
  EXPECT_EQ(
      message_of([&] { landmark.prompt(trial_at(345, 0.5)); }),
      "passkey/landmark: length: 345 is shorter than the fixed parts and one unit of hay; the "
      "minimum is 346");
  EXPECT_NO_THROW(landmark.prompt(trial_at(346, 0.5)));
}

TEST(BadInput, ADepthOutsideTheHaystack) {
  const Retrieval landmark = ready("passkey/landmark");
  EXPECT_EQ(message_of([&] { landmark.prompt(trial_at(1000, 1.5)); }),
            "depth: must lie in [0, 1] (got 1.5); 0 is the start of the haystack, 1 its end");
  EXPECT_EQ(message_of([&] {
              validate(Depth{-0.25, 0.5});
            }),
            "depth: must lie in [0, 1] (got -0.25 to 0.25); 0 is the start of the haystack, 1 its "
            "end");
  EXPECT_NE(message_of([&] { validate(Depth{std::nan(""), 0}); }), "nothing was thrown");
  EXPECT_EQ(message_of([&] {
              (DepthDesign{DepthDesign::Kind::grid, 0}).of_trial(0);
            }),
            "depths: must be >= 1 (got 0)");
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

class NineIsUnknown : public ByteTokenizer {
 public:
  std::string decode(const std::vector<Token>& tokens) const override {
    std::string text = ByteTokenizer::decode(tokens);
    for (char& byte : text) byte = byte == '9' ? '?' : byte;
    return text;
  }
};

TEST(BadInput, ATokenizerThatLosesADigit) {
  EXPECT_EQ(message_of([] {
              Retrieval(protocol_named("passkey/landmark"), std::make_shared<NineIsUnknown>());
            }),
            "passkey/landmark: tokenizer: does not give digits back: \"0123456789\" decodes as "
            "\"012345678?\"; use a tokenizer whose vocabulary has all ten digits");
}

TEST(BadInput, NaturalTextWithoutACorpusOrWithAShortOne) {
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  EXPECT_EQ(message_of([&] { Retrieval(protocol_named("niah/text"), tokenizer); }),
            "niah/text: corpus: is missing; name the text files that the hay is cut from");
  const std::shared_ptr<const Haystack> hay =
      text_haystack(*tokenizer, {document_of("short.txt", "A few words. And more.")});
  const Retrieval niah(protocol_named("niah/text"), tokenizer, hay);
  EXPECT_EQ(
      message_of([&] { niah.prompt(trial_at(2000, 0.5)); }),
      "haystack: short.txt: is the longest document and has 22 tokens, 1,743 are needed; add a "
      "longer document or leave out this length");
  EXPECT_EQ(message_of([&] { text_haystack(*tokenizer, {}); }),
            "haystack: has no document; give at least one text file");
}

TEST(BadInput, PerplexitySettingsThatCannotBeMeant) {
  PerplexitySettings settings{find_perplexity_protocol("ppl/fixed-target"), 4096, 1025, 0, {}};
  EXPECT_EQ(message_of([&] { validate(settings); }),
            "ppl/fixed-target: targets: 1,025 is more than a quarter of the trained length 4,096; "
            "the maximum is 1,024");
  settings.targets = 0;
  EXPECT_EQ(message_of([&] { validate(settings); }),
            "ppl/fixed-target: targets: must be >= 1 (got 0)");
  settings.targets = 1024;
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 1024); }),
            "ppl/fixed-target: length: 1,024 does not hold 1,024 targets; the minimum is 1,025");
  EXPECT_EQ(
      message_of([&] { plan_windows(settings, 9999, 16384); }),
      "ppl/fixed-target: length: 16,384 needs a document of 16,384 tokens (got 9,999); give a "
      "longer document or leave out this length");
  settings.protocol = find_perplexity_protocol("ppl/press");
  EXPECT_EQ(message_of([&] { validate(settings); }), "ppl/press: stride: must be >= 1 (got 0)");
  settings.stride = 600;
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 512); }),
            "ppl/press: stride: 600 would pass over tokens at length 512; the maximum is 511");
  settings.protocol = find_perplexity_protocol("ppl/half-chunk");
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 8192); }),
            "ppl/half-chunk: length: 8,192 needs a document of 16,384 tokens (got 9,999); give a "
            "longer document or leave out this length");
  settings.protocol = find_perplexity_protocol("ppl/truncated");
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 1); }),
            "ppl/truncated: length: 1 leaves no token to score");
}

TEST(BadInput, ADocumentWhoseRangesDoNotFit) {
  Document document;
  document.trunk = {1, 2, 3};
  document.scored = {0, 4};
  document.branches = {{4, {1}, 0}, {0, {1}, 0}, {1, {1}, 2}};
  EXPECT_EQ(message_of([&] { validate(document); }),
            "document: scored: [0, 4) does not lie in a trunk of 3 tokens\n"
            "document: branches[0].fork: 4 does not lie in a trunk of 3 tokens\n"
            "document: branches[1].scored_from: 0: the first token of a path has nothing before it "
            "and cannot be scored\n"
            "document: branches[2].scored_from: 2 does not lie in a branch of 1 tokens");
  document = {{1, 2, 3}, {0, 2}, {}};
  EXPECT_EQ(message_of([&] { validate(document); }),
            "document: scored: token 0 has nothing before it and cannot be scored");
}

}  // namespace
}  // namespace evals
