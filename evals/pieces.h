#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evals/tokenizer.h"

namespace evals {

/// Tokens of `text` as it reads in the middle of a text: without the space that SentencePiece puts
/// before a beginning, and without BOS. Found by encoding it behind an anchor (a newline, a full
/// stop or a letter, the first that keeps its own tokens) and dropping the anchor's tokens. Throws
/// base::Error(Fault::input) when the tokenizer melts the text into each of them.
///
/// Prompts are put together from such pieces, so that a piece has the same tokens wherever it
/// stands. Ids are authoritative: a tokenizer that merges across pieces (a newline and the word
/// behind it) would give the joined text other ids.
std::vector<Token> continue_with(const Tokenizer& tokenizer, std::string_view text);

/// continue_with for many texts: the anchors are encoded once. The tokenizer must outlive it.
class Pieces {
 public:
  explicit Pieces(const Tokenizer& tokenizer);
  std::vector<Token> operator()(std::string_view text) const;

 private:
  struct Anchor {
    std::string text;
    std::vector<Token> tokens;
  };
  const Tokenizer& tokenizer_;
  std::vector<Anchor> anchors_;
};

/// `text` with every `{name}` replaced by `value`.
std::string fill_in(std::string_view text, std::string_view name, std::string_view value);

}  // namespace evals
