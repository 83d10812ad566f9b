#include "harness/model/training/tokenizer_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/file.h"
#include "harness/checkpoint/sentencepiece_tokenizer.h"
#include "small_corpus.h"
#include "tests/support/error_text.h"

namespace training {
namespace {

using ::testing::HasSubstr;

class TokenizerTrainerTest : public ::testing::Test {
 protected:
  TokenizerTrainerTest() : folder_("tokenizer") { write_small_corpus(folder_.path()); }

  std::filesystem::path one() const { return folder_.path() / "corpus/one.txt"; }

  std::string message(const std::filesystem::path& text, int64_t vocabulary) const {
    return tests::error_text([&] { train_tokenizer({text}, vocabulary, 64, folder_.path()); });
  }

  ScratchFolder folder_;
};

TEST_F(TokenizerTrainerTest, KeepsEveryCharacterAndSplitsDigits) {
  train_tokenizer({one()}, 320, 64, folder_.path());
  const checkpoint::SentencePieceTokenizer tokenizer(folder_.path(),
                                                     checkpoint::BosPolicy::automatic);
  EXPECT_EQ(tokenizer.vocabulary_size(), 320);
  ASSERT_TRUE(tokenizer.bos());
  for (const char* text : {"The rope\n\nholds  the  walk.", "90210", "  \xC3\xA9\xE2\x82\xAC\t!"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  EXPECT_EQ(tokenizer.encode("x 12345").size(), tokenizer.encode("x 1").size() + 4);
  EXPECT_EQ(tokenizer.encode("a\nb").size(), tokenizer.encode("a").size() + 2);
}

TEST_F(TokenizerTrainerTest, IsDeterministic) {
  train_tokenizer({one()}, 320, 64, folder_.path());
  const std::string first = base::read_file(folder_.path() / "tokenizer.model");
  train_tokenizer({one()}, 320, 64, folder_.path());
  EXPECT_EQ(base::read_file(folder_.path() / "tokenizer.model"), first);
}

TEST_F(TokenizerTrainerTest, PassesOnWhySentencePieceCannotFillAVocabulary) {
  EXPECT_THAT(message(one(), 30000), HasSubstr("Vocabulary size too high (30000)"));
}

TEST_F(TokenizerTrainerTest, NamesATextThatIsMissingEmptyOrNotUtf8) {
  EXPECT_THAT(message(folder_.path() / "lost.txt", 320), HasSubstr("lost.txt"));
  std::ofstream(folder_.path() / "empty.txt") << "\n\n";
  EXPECT_THAT(message(folder_.path() / "empty.txt", 320), HasSubstr("empty.txt: holds no text"));
  std::ofstream(folder_.path() / "latin.txt") << "caf\xE9\n";
  EXPECT_THAT(message(folder_.path() / "latin.txt", 320), HasSubstr("latin.txt"));
}

}  // namespace
}  // namespace training
