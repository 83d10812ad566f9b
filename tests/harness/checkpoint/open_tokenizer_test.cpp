#include "harness/checkpoint/open_tokenizer.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "tests/support/error_text.h"
#include "tests/support/sentencepiece_model.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

class OpenTokenizer : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) {
    base::write_file_atomically(folder_.path() / name, bytes);
  }
  /// Two tokens and <s>, put before texts by a template or not.
  void put_json(bool has_template) {
    const std::string processor = has_template ? R"({"type": "TemplateProcessing", "single":
            [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [2], "tokens": ["<s>"]}}})"
                                               : "null";
    put("tokenizer.json", R"({"added_tokens": [{"id": 2, "content": "<s>", "special": true}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
        "decoder": {"type": "ByteLevel"}, "post_processor": )" +
                              processor +
                              R"(, "model": {"vocab": {"a": 0, "b": 1}, "merges": []}})");
  }
  OpenedTokenizer open(BosPolicy policy = BosPolicy::automatic,
                       std::optional<int64_t> vocabulary = {}) {
    return open_tokenizer(folder_.path(), policy, vocabulary);
  }
  std::string path(const std::string& name) { return (folder_.path() / name).string(); }

  const tests::TemporaryFolder folder_;
};

TEST_F(OpenTokenizer, FollowsTheTemplateOrTheClassThatPlacesBosItself) {
  put_json(true);
  EXPECT_EQ(open().tokenizer->bos(), 2);
  EXPECT_EQ(open().bos_reason, "the template in tokenizer.json puts it");
  EXPECT_EQ(open(BosPolicy::never).tokenizer->bos(), std::nullopt);
  put("tokenizer_config.json",
      R"({"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": false, "eos_token": "b"})");
  EXPECT_EQ(open().tokenizer->bos(), 2);  // this class does not look at add_bos_token
  EXPECT_EQ(open().tokenizer->eos(), 1);
  put("tokenizer_config.json",
      R"({"tokenizer_class": "LlamaTokenizerFast", "add_bos_token": false, "bos_token": "<s>"})");
  EXPECT_EQ(open().tokenizer->bos(), std::nullopt);
  EXPECT_EQ(open().bos_reason, "add_bos_token in tokenizer_config.json");
  put_json(false);
  EXPECT_EQ(open(BosPolicy::always).tokenizer->bos(), 2);
  put("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>"})");
  EXPECT_EQ(open().tokenizer->bos(), 2);
  EXPECT_EQ(open().bos_reason, "LlamaTokenizer's default, since no add_bos_token is set");
  put("tokenizer_config.json", R"({"tokenizer_class": "Qwen2Tokenizer"})");
  EXPECT_EQ(open().bos_reason, "no template in tokenizer.json puts it");
  EXPECT_EQ(tests::error_text([&] { open(BosPolicy::always); }),
            path("tokenizer.json") +
                ": has no BOS token to begin sequences with; use the BOS policy never");
}

// Transformers puts what the template says; bos_token is what other code asks the tokenizer for.
TEST_F(OpenTokenizer, PutsTheTokenOfTheTemplateWhereTheTemplateDecides) {
  put_json(true);
  put("tokenizer_config.json",
      R"({"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "b"})");
  EXPECT_EQ(open().tokenizer->bos(), 2);
  EXPECT_EQ(open(BosPolicy::always).tokenizer->bos(), 1);
  put("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizerFast", "bos_token": "b"})");
  EXPECT_EQ(open().tokenizer->bos(), 1);
}

TEST_F(OpenTokenizer, PrefersTheSentencePieceModel) {
  put_json(true);
  put("tokenizer.model", tests::sentencepiece_model({"a"}));
  EXPECT_EQ(open().tokenizer->vocabulary_size(), 3 + 1 + 256);
  EXPECT_TRUE(open().warnings.empty());
}

TEST_F(OpenTokenizer, ReadsTheJsonFileWhereTheModelIsOfAnotherKind) {
  put("tokenizer.model", "IQ== 0\nIg== 1\n");  // tiktoken's, as in Meta's folders of Llama 3
  EXPECT_EQ(tests::error_text([&] { open(); }),
            path("tokenizer.model") +
                ": is not a SentencePiece model; download it again, or the tokenizer.json that "
                "belongs to it");
  put_json(true);
  EXPECT_EQ(open().tokenizer->vocabulary_size(), 3);
  EXPECT_EQ(open().warnings,
            std::vector{path("tokenizer.model") +
                        ": is not a SentencePiece model: tokenizer.json was read instead"});
}

TEST_F(OpenTokenizer, RefusesWhatDoesNotBelongToTheModel) {
  EXPECT_EQ(tests::error_text([&] { open(); }),
            folder_.path().string() +
                ": has neither tokenizer.model nor tokenizer.json; download the checkpoint's "
                "tokenizer");
  put_json(false);
  EXPECT_NO_THROW(open(BosPolicy::automatic, 3));
  EXPECT_EQ(tests::error_text([&] { open(BosPolicy::automatic, 2); }),
            path("tokenizer.json") +
                ": has 3 tokens, but the model has 2 embeddings; this tokenizer belongs to "
                "another checkpoint");
}

}  // namespace
}  // namespace checkpoint
