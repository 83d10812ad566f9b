#include "harness/checkpoint/tokenizer/tokenizer_json.h"

#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "tests/support/error_text.h"

namespace checkpoint {
namespace {

using base::Json;
using Tokens = std::vector<evals::Token>;

/// A byte-level tokenizer of a few tokens, with BOS.
Json small() {
  return Json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 5, "content": "<s>", "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false, "special": true}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                      "use_regex": true},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}},
    "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true},
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
              "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
              "ignore_merges": false,
              "vocab": {"a": 0, "b": 1, "\u0120": 2, "ab": 3, "\u0120ab": 4},
              "merges": [["a", "b"], "\u0120 ab"]}})");
}

/// What is said about the small tokenizer after a change.
std::string refusal(const std::string& pointer, const char* value) {
  Json json = small();
  json[Json::json_pointer(pointer)] = Json::parse(value);
  return tests::error_text([&] { parse_tokenizer_json(json.dump(), "f"); });
}

TEST(TokenizerJson, ReadsAByteLevelTokenizer) {
  TokenizerJson read = parse_tokenizer_json(small().dump(), "f");
  EXPECT_EQ(read.template_bos, 5);
  const BpeTokenizer tokenizer(std::move(read.parts));
  EXPECT_EQ(tokenizer.encode("ab ab<s>b"), (Tokens{3, 4, 5, 1}));
  EXPECT_EQ(tokenizer.decode({3, 4, 5, 1}), "ab abb");  // special tokens decode to nothing
  EXPECT_EQ(tokenizer.vocabulary_size(), 6);
  EXPECT_EQ(tokenizer.bos(), std::nullopt);
  EXPECT_EQ(tests::error_text([&] { tokenizer.decode({6}); }),
            "f: token 6 is not in the vocabulary");
  EXPECT_EQ(tests::error_text([&] { tokenizer.encode("a\xff"); }),
            "f: byte 1 of the text: is not valid UTF-8");
}

TEST(TokenizerJson, NamesTheFileOfAPatternThatIsTooMuchWork) {
  Json json = small();
  json["pre_tokenizer"] = {{"type", "Split"},
                           {"pattern", {{"Regex", "(?:a+)+b"}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  const BpeTokenizer tokenizer(parse_tokenizer_json(json.dump(), "f").parts);
  EXPECT_EQ(tests::error_text([&] { tokenizer.encode("ab " + std::string(60, 'a') + " b"); }),
            "f: the text needs more work of the tokenizer's pattern than is allowed; break up its "
            "longest runs of one kind of character");
}

TEST(TokenizerJson, FingerprintIsThatOfTheFile) {
  Json other = small();
  other["model"]["vocab"]["c"] = 6;
  const std::string first = parse_tokenizer_json(small().dump(), "f").parts.fingerprint;
  EXPECT_EQ(parse_tokenizer_json(small().dump(), "g").parts.fingerprint, first);
  EXPECT_NE(parse_tokenizer_json(small().dump(2), "f").parts.fingerprint, first);
}

TEST(TokenizerJson, RefusesByNameWhatItCannotDo) {
  EXPECT_EQ(refusal("/model/type", R"("Unigram")"),
            "f: /model/type: \"Unigram\" is not supported; only BPE tokenizers can be read");
  EXPECT_EQ(refusal("/pre_tokenizer/type", R"("BertPreTokenizer")"),
            "f: /pre_tokenizer/type: \"BertPreTokenizer\" is not supported");
  EXPECT_EQ(
      refusal("/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}]})"),
      "f: /normalizer/normalizers/0/type: \"Lowercase\" is not supported");
  EXPECT_EQ(refusal("/decoder/type", R"("CTC")"), "f: /decoder/type: \"CTC\" is not supported");
  EXPECT_EQ(refusal("/decoder", "null"), "f: /decoder: must be given");
  EXPECT_EQ(refusal("/post_processor/type", R"("BertProcessing")"),
            "f: /post_processor/type: \"BertProcessing\" is not supported");
  EXPECT_EQ(refusal("/model/dropout", "0.1"),
            "f: /model/dropout: is not supported: encoding would be random");
  EXPECT_EQ(refusal("/model/continuing_subword_prefix", R"("##")"),
            "f: /model/continuing_subword_prefix: is not supported");
  EXPECT_EQ(refusal("/added_tokens/0/single_word", "true"),
            "f: /added_tokens/0/single_word: is not supported");
  EXPECT_EQ(refusal("/pre_tokenizer",
                    R"({"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated"})"),
            "f: /pre_tokenizer/pattern/Regex: uses \"\\w+\", which is not supported in a pattern");
  const std::string literal =
      R"({"type": "Split", "behavior": "Isolated", "pattern": {"String": ")" +
      std::string(4097, 'x') + "\"}}";
  EXPECT_EQ(refusal("/pre_tokenizer", literal.c_str()),
            "f: /pre_tokenizer/pattern: has 4097 bytes, more than the 4096 that are read");
}

TEST(TokenizerJson, RefusesAVocabularyThatContradictsItself) {
  EXPECT_EQ(refusal("/model/vocab/b", "0"), "f: /model/vocab/b: has the id 0 of \"a\"");
  EXPECT_EQ(refusal("/model/vocab/b", "-1"),
            "f: /model/vocab/b: must be an integer from 0 to 2147483646 (got -1)\n"
            "f: /model/merges/0: needs \"b\", which is no token");
  EXPECT_EQ(refusal("/model/merges/0", R"(["a", "a"])"),
            "f: /model/merges/0: needs \"aa\", which is no token");
  EXPECT_EQ(refusal("/model/merges/0", R"("a b c")"),
            "f: /model/merges/0: must be a pair of tokens");
  EXPECT_EQ(refusal("/model/unk_token", R"("<unk>")"),
            "f: /model/unk_token: \"<unk>\" is no token");
  EXPECT_EQ(refusal("/model/byte_fallback", "true"),
            "f: /model/byte_fallback: needs all 256 byte tokens, and <0x00> is no token");
  EXPECT_EQ(refusal("/added_tokens/0/id", "7"),
            "f: /added_tokens/0/id: is 7, but the tokenizers library would make \"<s>\" 5\n"
            "f: /post_processor: begins texts with 5, which is no token");
  EXPECT_EQ(refusal("/post_processor/special_tokens/<s>/ids", "[99]"),
            "f: /post_processor: begins texts with 99, which is no token");
  EXPECT_EQ(refusal("/post_processor/special_tokens/<s>/ids", "[5, 5]"),
            "f: /post_processor: puts 2 tokens before a text, and only one is supported");
}

TEST(TokenizerJson, RefusesWhatIsNoTokenizer) {
  EXPECT_EQ(tests::error_text([] { parse_tokenizer_json("{}", "f"); }),
            "f: /model: missing\nf: /decoder: must be given");
}

}  // namespace
}  // namespace checkpoint
