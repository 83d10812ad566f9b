#include "harness/checkpoint/gguf/gguf_tokenizer.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/error_text.h"
#include "tests/support/gguf_bytes.h"

namespace checkpoint {
namespace {

using Tokens = std::vector<evals::Token>;

tests::GgufBytes& texts(tests::GgufBytes& file, std::string_view key,
                        const std::vector<std::string_view>& values) {
  file.key(key, 9).number(uint32_t{8}).number(uint64_t{values.size()});
  for (const std::string_view value : values) file.text(value);
  return file;
}

tests::GgufBytes& kinds(tests::GgufBytes& file, const std::vector<int32_t>& values) {
  file.key("tokenizer.ggml.token_type", 9).number(uint32_t{5}).number(uint64_t{values.size()});
  for (const int32_t value : values) file.number(value);
  return file;
}

GgufTokenizer read_tokenizer(const tests::GgufBytes& file) {
  return read_gguf_tokenizer(parse_gguf(file, "f"), "f");
}

/// `pre` empty: without the key.
tests::GgufBytes byte_level(std::string_view pre, std::vector<std::string_view> merges) {
  tests::GgufBytes file(0, pre.empty() ? 5 : 6);
  file.key("tokenizer.ggml.model", 8).text("gpt2");
  if (!pre.empty()) file.key("tokenizer.ggml.pre", 8).text(pre);
  file.key("tokenizer.ggml.eos_token_id", 4).number(uint32_t{5});
  texts(file, "tokenizer.ggml.tokens", {"a", "b", "\u0120", "ab", "1", "<s>"});
  texts(file, "tokenizer.ggml.merges", merges);
  return kinds(file, {1, 1, 1, 1, 1, 3});
}

TEST(GgufTokenizer, ReadsByteLevelModels) {
  GgufTokenizer smollm = read_tokenizer(byte_level("smollm", {"a b"}));
  EXPECT_FALSE(smollm.adds_bos);
  EXPECT_FALSE(smollm.adds_bos_is_stated);
  EXPECT_EQ(smollm.parts.eos, 5);
  const BpeTokenizer tokenizer(std::move(smollm.parts));
  EXPECT_EQ(tokenizer.encode("ab<s> 11"), (Tokens{3, 5, 2, 4, 4}));
  EXPECT_EQ(tokenizer.decode({3, 5, 2, 4}), "ab 1");
  for (const char* llama3 : {"llama-bpe", "falcon3", "pixtral"}) {
    EXPECT_TRUE(read_tokenizer(byte_level(llama3, {"a b"})).adds_bos) << llama3;
    EXPECT_TRUE(read_tokenizer(byte_level(llama3, {"a b"})).parts.vocabulary.ignores_merges)
        << llama3;
  }
}

// As files of Llama 3 from April 2024: GPT-2's rule would give other tokens, and no sign of it.
TEST(GgufTokenizer, GuessesNoPreTokenizer) {
  EXPECT_EQ(tests::error_text([] { read_tokenizer(byte_level("", {"a b"})); }),
            "f: tokenizer.ggml.pre: is missing: it is not known how text must be cut for this "
            "model; convert the model again with a newer converter of llama.cpp");
  EXPECT_EQ(tests::error_text([] { read_tokenizer(byte_level("default", {"a b"})); }),
            "f: tokenizer.ggml.pre: \"default\" stands for no model's pre-tokenizer: it is not "
            "known how text must be cut for this model; convert the model again with a newer "
            "converter of llama.cpp");
}

TEST(GgufTokenizer, RefusesByNameWhatItCannotRead) {
  EXPECT_EQ(tests::error_text([] { read_tokenizer(byte_level("falcon", {"a b"})); }),
            "f: tokenizer.ggml.pre: \"falcon\" is not supported");
  EXPECT_EQ(tests::error_text([] { read_tokenizer(byte_level("gpt-2", {"b a"})); }),
            "f: tokenizer.ggml.merges: merge 0 (\"b a\") joins what is no token");
  EXPECT_EQ(tests::error_text([] { read_tokenizer(byte_level("gpt-2", {"ab"})); }),
            "f: tokenizer.ggml.merges: merge 0 (\"ab\") joins what is no token");
  EXPECT_EQ(tests::error_text([] { read_tokenizer(tests::GgufBytes()); }),
            "f: tokenizer.ggml.tokens: is missing: the file has no tokenizer");
  tests::GgufBytes other(0, 2);
  other.key("tokenizer.ggml.model", 8).text("bert");
  EXPECT_EQ(
      tests::error_text([&] { read_tokenizer(texts(other, "tokenizer.ggml.tokens", {"a"})); }),
      "f: tokenizer.ggml.model: \"bert\" is not supported; only gpt2 and llama can be read");
  tests::GgufBytes numbers(0, 2);
  numbers.key("tokenizer.ggml.model", 4).number(uint32_t{1});
  numbers.key("tokenizer.ggml.tokens", 9).number(uint32_t{5}).number(uint64_t{1}).number(1);
  EXPECT_EQ(tests::error_text([&] { read_tokenizer(numbers); }),
            "f: tokenizer.ggml.model: must be a text\n"
            "f: tokenizer.ggml.tokens: is missing: the file has no tokenizer");
  tests::GgufBytes uneven(0, 3);
  uneven.key("tokenizer.ggml.model", 8).text("gpt2");
  texts(uneven, "tokenizer.ggml.tokens", {"a", "b"});
  EXPECT_EQ(tests::error_text([&] { read_tokenizer(kinds(uneven, {1})); }),
            "f: tokenizer.ggml.token_type: has 1 integers for 2 tokens");
}

/// Pieces with scores, as SentencePiece trains them: earlier merges have higher scores.
tests::GgufBytes sentencepiece(const std::vector<float>& scores) {
  tests::GgufBytes file(0, 4);
  file.key("tokenizer.ggml.model", 8).text("llama");
  texts(file, "tokenizer.ggml.tokens",
        {"<unk>", "<s>", "\u2581", "a", "b", "ab", "\u2581a", "aa", "bb"});
  file.key("tokenizer.ggml.scores", 9).number(uint32_t{6}).number(uint64_t{scores.size()});
  for (const float score : scores) file.number(score);
  return kinds(file, {2, 3, 1, 1, 1, 1, 1, 1, 1});
}

TEST(GgufTokenizer, MergesSentencePieceTokensByScore) {
  GgufTokenizer read_in = read_tokenizer(sentencepiece({0, 0, -9, -9, -9, -1, -2, -3, -3}));
  EXPECT_TRUE(read_in.adds_bos);
  const BpeTokenizer tokenizer(std::move(read_in.parts));
  EXPECT_EQ(tokenizer.encode("ab a"), (Tokens{2, 5, 6}));  // ab before the space and a
  EXPECT_EQ(tokenizer.encode("aaaabbb"), (Tokens{6, 7, 5, 8}));
  EXPECT_EQ(tokenizer.encode("\u00e9\u00e9"), (Tokens{2, 0}));
  EXPECT_EQ(tokenizer.decode({2, 5, 6}), "ab a");
  EXPECT_EQ(tests::error_text([] {
              read_tokenizer(sentencepiece({0, 0}));
            }),
            "f: tokenizer.ggml.scores: must be one number for each token");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(tests::error_text([&] {
              read_tokenizer(sentencepiece({0, 0, -9, -9, nan, -1, -2, -3, -3}));
            }),
            "f: tokenizer.ggml.scores: the score of token 4 is not a number");
}

// Every token is tried at every cut: one of megabytes would take hours.
TEST(GgufTokenizer, RefusesTokensThatNoModelHas) {
  const auto refusal_at = [](size_t bytes) {
    const std::string token(bytes, 'a');
    tests::GgufBytes file(0, 3);
    file.key("tokenizer.ggml.model", 8).text("llama");
    texts(file, "tokenizer.ggml.tokens", {"a", token});
    file.key("tokenizer.ggml.scores", 9).number(uint32_t{6}).number(uint64_t{2});
    file.number(0.0f).number(-1.0f);
    return tests::error_text([&] { read_tokenizer(file); });
  };
  EXPECT_EQ(refusal_at(4096), "no error");
  EXPECT_EQ(refusal_at(4097),
            "f: tokenizer.ggml.tokens: token 1 has 4097 bytes, more than the 4096 that are read");
}

TEST(GgufTokenizer, FingerprintDependsOnWhatDeterminesTheTokens) {
  const std::string first = read_tokenizer(byte_level("gpt-2", {"a b"})).parts.fingerprint;
  EXPECT_EQ(read_tokenizer(byte_level("gpt-2", {"a b"})).parts.fingerprint, first);
  EXPECT_NE(read_tokenizer(byte_level("smollm", {"a b"})).parts.fingerprint, first);
  EXPECT_NE(read_tokenizer(byte_level("gpt-2", {})).parts.fingerprint, first);
}

}  // namespace
}  // namespace checkpoint
