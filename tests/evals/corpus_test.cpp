#include "evals/corpus.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/base/sha256.h"
#include "tests/evals/support/message_of.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/temporary_folder.h"

namespace evals {
namespace {

using testing::ElementsAre;
using tests::ByteTokenizer;

class Corpus : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  tests::TemporaryFolder folder_;
};

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
  const std::string both = fingerprint(read_corpus({a, b}, ByteTokenizer()));
  EXPECT_NE(both, fingerprint(read_corpus({b, a}, ByteTokenizer())));
  EXPECT_EQ(both, fingerprint(read_corpus({a, write("c.txt", "two")}, ByteTokenizer())));
  write("b.txt", "two!");
  EXPECT_NE(both, fingerprint(read_corpus({a, b}, ByteTokenizer())));
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

}  // namespace
}  // namespace evals
