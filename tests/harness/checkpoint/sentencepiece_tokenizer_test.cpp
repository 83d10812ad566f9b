#include "harness/checkpoint/sentencepiece_tokenizer.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "tests/support/error_text.h"
#include "tests/support/sentencepiece_model.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

using tests::error_text;
using Tokens = std::vector<evals::Token>;

class SentencePiece : public testing::Test {
 protected:
  SentencePiece() {
    put("tokenizer.model", tests::sentencepiece_model({"a", "b", "ab", "1", "2", "\u2581"}));
  }
  void put(const std::string& name, const std::string& bytes) {
    base::write_file_atomically(folder_.path() / name, bytes);
  }
  SentencePieceTokenizer read(BosPolicy policy = BosPolicy::automatic,
                              std::optional<int64_t> vocabulary = {}) {
    return SentencePieceTokenizer(folder_.path(), policy, vocabulary);
  }
  std::string path(const std::string& name) { return (folder_.path() / name).string(); }

  const tests::TemporaryFolder folder_;
};

TEST_F(SentencePiece, EncodesWithoutSpecialTokensAndDecodesBack) {
  const auto tokenizer = read();
  EXPECT_EQ(tokenizer.vocabulary_size(), 3 + 6 + 256);
  EXPECT_EQ(tokenizer.encode("ab 12"), (Tokens{5, 8, 6, 7}));
  EXPECT_EQ(tokenizer.encode(""), Tokens{});
  const std::string text = "ab 2\n\u00e9\U0001F600";  // the rest falls back to bytes
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  EXPECT_EQ(tokenizer.eos(), 2);
}

TEST_F(SentencePiece, FollowsTheBosPolicyAndRecordsWhy) {
  EXPECT_EQ(read().bos(), 1);
  EXPECT_EQ(read().bos_reason(), "LlamaTokenizer's default, since no add_bos_token is set");
  EXPECT_EQ(read(BosPolicy::never).bos(), std::nullopt);
  EXPECT_EQ(read(BosPolicy::never).bos_reason(), "asked for");
  put("tokenizer_config.json", R"({"add_bos_token": false})");  // Yi
  EXPECT_EQ(read().bos(), std::nullopt);
  EXPECT_EQ(read().bos_reason(), "add_bos_token in tokenizer_config.json");
  EXPECT_EQ(read(BosPolicy::always).bos(), 1);
  put("tokenizer_config.json", R"({"add_bos_token": true})");
  EXPECT_EQ(read().bos(), 1);
  EXPECT_EQ(bos_policy("auto"), BosPolicy::automatic);
  EXPECT_EQ(error_text([] { bos_policy("maybe"); }),
            "unknown BOS policy \"maybe\"; use auto, always or never");
}

TEST_F(SentencePiece, HasNoBosWhereTheModelHasNone) {
  put("tokenizer.model", tests::sentencepiece_model({"a"}, false));
  EXPECT_EQ(read().bos(), std::nullopt);
  EXPECT_EQ(read().bos_reason(), "tokenizer.model has no BOS piece");
  EXPECT_EQ(error_text([&] { read(BosPolicy::always); }),
            path("tokenizer.model") +
                ": has no BOS piece to begin sequences with; use the BOS policy never");
}

TEST_F(SentencePiece, RefusesMorePiecesThanTheModelHasEmbeddings) {
  EXPECT_NO_THROW(read(BosPolicy::automatic, 265));
  EXPECT_NO_THROW(read(BosPolicy::automatic, 300));  // padded embeddings are ordinary
  EXPECT_EQ(error_text([&] { read(BosPolicy::automatic, 264); }),
            path("tokenizer.model") +
                ": has 265 pieces, but config.json's vocab_size is 264; this tokenizer belongs to "
                "another checkpoint");
}

TEST_F(SentencePiece, RefusesWhatIsNoModel) {
  for (const std::string bytes :
       {"", "{}", "PK\x03\x04", "IQ== 0\nIg== 1\n", "\x0a\xff\xff\xff\xff\x0f"}) {
    put("tokenizer.model", bytes);
    EXPECT_EQ(error_text([&] { read(); }),
              path("tokenizer.model") +
                  ": is not a SentencePiece model; download it again, or the tokenizer.json that "
                  "belongs to it");
    EXPECT_FALSE(is_sentencepiece_model(bytes));
  }
  std::filesystem::remove(path("tokenizer.model"));
  EXPECT_EQ(error_text([&] { read(); }),
            path("tokenizer.model") + ": no such file; only SentencePiece tokenizers can be read");
}

TEST_F(SentencePiece, RefusesAWrongTokenizerConfig) {
  put("tokenizer_config.json", R"({"add_bos_token": 1, "bos_token": 7, "tokenizer_class": []})");
  EXPECT_EQ(error_text([&] { read(); }),
            path("tokenizer_config.json") + ": /add_bos_token: must be true or false (got 1)\n" +
                path("tokenizer_config.json") + ": /tokenizer_class: must be a string (got [])\n" +
                path("tokenizer_config.json") + ": /bos_token: must be an object (got 7)");
}

TEST_F(SentencePiece, DecodesOnlyItsOwnTokens) {
  EXPECT_EQ(error_text([&] { read().decode({265}); }),
            path("tokenizer.model") + ": token 265 is not among its 265 pieces");
  EXPECT_EQ(error_text([&] { read().decode({-1}); }),
            path("tokenizer.model") + ": token -1 is not among its 265 pieces");
}

TEST_F(SentencePiece, FingerprintDiffersWithTheModel) {
  const std::string first = read().fingerprint();
  EXPECT_EQ(read(BosPolicy::never).fingerprint(), first);
  put("tokenizer.model", tests::sentencepiece_model({"a", "b", "ba"}));
  EXPECT_NE(read().fingerprint(), first);
}

}  // namespace
}  // namespace checkpoint
