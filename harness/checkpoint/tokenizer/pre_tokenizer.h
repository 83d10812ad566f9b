#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/checkpoint/tokenizer/regex.h"

namespace checkpoint {

/// What becomes of the text that a pattern matches; names of the tokenizers library.
enum class SplitBehavior {
  removed,
  isolated,              ///< a word of its own
  merged_with_previous,  ///< the end of the word before it
  merged_with_next,      ///< the beginning of the word after it
  contiguous,            ///< matches that touch are one word
};

/// Cuts at the matches of a pattern.
struct Split {
  std::shared_ptr<const Regex> pattern;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;  ///< what lies between the matches counts as matched
};

/// Writes spaces as another character, usually U+2581, as SentencePiece does.
struct Metaspace {
  enum class Prepend { always, first, never };
  std::string replacement;
  Prepend prepend = Prepend::always;  ///< first: only at the start of the whole text
  bool split = true;                  ///< a word begins at every replacement
};

/// A space before every word that does not begin with one.
struct PrefixSpace {};

using PreTokenizerStep = std::variant<Split, Metaspace, PrefixSpace>;

/// The words of a text, in order. They are views: of the text that was cut, or of `rewritten`.
struct Words {
  std::vector<std::string_view> views;
  std::deque<std::string> rewritten;
};

/// Cuts one stretch of normalized text into words, none of them empty, and adds them to `words`.
/// `is_start`: the stretch begins where the whole text does.
void pre_tokenize(const std::vector<PreTokenizerStep>& steps, std::string_view stretch,
                  bool is_start, Words& words);

/// GPT-2's pattern: contractions, letters, digits and the rest, each with a space before it.
extern const std::string_view gpt2_pattern;

/// Every character that has a numeric general category to Rust's char::is_numeric (Unicode 17).
extern const std::string_view numeric_pattern;

}  // namespace checkpoint
