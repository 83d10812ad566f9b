#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "evals/tokenizer.h"
#include "harness/checkpoint/tokenizer/merge_table.h"

namespace checkpoint {

/// What a word is made of before any merge.
enum class Alphabet {
  bytes,       ///< byte-level BPE: GPT-2, Llama 3, Qwen2
  characters,  ///< SentencePiece-style BPE: LLaMA 1 and 2
};

/// Everything that determines how a word is cut into tokens.
struct BpeVocabulary {
  Alphabet alphabet = Alphabet::bytes;
  std::unordered_map<std::string, evals::Token> token_of;  ///< by their bytes
  std::vector<Merge> merges;
  /// For a character that is no token; without it and without byte_tokens it is left out, as the
  /// tokenizers library does.
  std::optional<evals::Token> unknown;
  bool fuses_unknown = false;  ///< neighbours that are unknown become one token
  /// <0x00> ... <0xFF>, for a character that is no token; all 256 or none.
  std::optional<std::array<evals::Token, 256>> byte_tokens;
  bool ignores_merges = false;  ///< a word that is a token is never cut
};

/// Byte-pair encoding (Sennrich et al. 2016) of words: the pair of the lowest rank merges first,
/// the leftmost of its kind first, until none merges.
class BpeModel {
 public:
  explicit BpeModel(BpeVocabulary vocabulary);

  /// Appends the tokens of all words. The cost of a word grows with n log n.
  void encode(std::span<const std::string_view> words, std::vector<evals::Token>& out) const;

 private:
  struct Symbol {
    evals::Token token = 0;
    size_t end = 0;  ///< in its word
  };
  class Encoder;

  void symbols_of(std::string_view word, std::vector<Symbol>& out) const;
  void find_seams();
  bool is_seam(evals::Token before, evals::Token after) const;

  BpeVocabulary vocabulary_;
  MergeTable merges_;
  std::array<evals::Token, 256> single_byte_{};  ///< tokens of one byte; -1: none
  /// Pairs of neighbouring first symbols that end up in one token of some merge. Between all others
  /// a word may be cut before merging.
  std::unordered_set<uint64_t> joined_;
};

}  // namespace checkpoint
