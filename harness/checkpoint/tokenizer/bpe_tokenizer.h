#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evals/tokenizer.h"
#include "harness/checkpoint/tokenizer/added_tokens.h"
#include "harness/checkpoint/tokenizer/bpe_model.h"
#include "harness/checkpoint/tokenizer/normalizer.h"
#include "harness/checkpoint/tokenizer/pre_tokenizer.h"
#include "harness/checkpoint/tokenizer/token_decoder.h"

namespace checkpoint {

/// A whole BPE tokenizer as data, whatever file it comes from. Text passes through it in this
/// order: added tokens are cut out, the rest is normalized, cut into words, and merged.
struct TokenizerParts {
  std::vector<AddedToken> added;
  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  BpeVocabulary vocabulary;
  std::vector<DecoderStep> decoder;
  std::unordered_map<evals::Token, std::string> content_of;  ///< of every token, as written
  std::optional<evals::Token> bos;                           ///< set: every sequence begins with it
  std::optional<evals::Token> eos;
  std::string file;         ///< to name in messages
  std::string fingerprint;  ///< SHA-256 of what determines encode()
};

/// Byte-level and SentencePiece-style BPE with the ids of Hugging Face's tokenizers library 0.22
/// (encode with add_special_tokens=False, decode with skip_special_tokens=True).
class BpeTokenizer : public evals::Tokenizer {
 public:
  explicit BpeTokenizer(TokenizerParts parts);

  /// Throws base::Error(Fault::input) for text that is not UTF-8, has more than 1 GiB, or is more
  /// work than a pattern of the tokenizer is allowed.
  std::vector<evals::Token> encode(std::string_view utf8) const override;
  /// Throws base::Error(Fault::input) for an id that is no token.
  std::string decode(const std::vector<evals::Token>& tokens) const override;
  /// One more than the greatest id: ids may have holes.
  int64_t vocabulary_size() const override;
  std::optional<evals::Token> bos() const override { return parts_.bos; }
  std::optional<evals::Token> eos() const override { return parts_.eos; }
  std::string fingerprint() const override { return parts_.fingerprint; }

 private:
  std::vector<evals::Token> encode_valid(std::string_view utf8) const;

  TokenizerParts parts_;
  AddedTokenMatcher in_text_;
  AddedTokenMatcher in_normalized_;
  BpeModel model_;
  std::unordered_map<evals::Token, bool> is_special_;
};

}  // namespace checkpoint
