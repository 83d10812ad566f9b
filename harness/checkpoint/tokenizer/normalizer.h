#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/checkpoint/tokenizer/regex.h"

namespace checkpoint {

/// What a tokenizer does to text before it looks for words; steps of the tokenizers library.
struct PrependText {
  std::string text;  ///< goes before a stretch that is not empty
};
struct ReplaceMatches {
  std::shared_ptr<const Regex> pattern;
  std::string content;
};
struct ReplaceText {
  std::string text;
  std::string content;
};
struct ToNfc {};
using NormalizerStep = std::variant<PrependText, ReplaceMatches, ReplaceText, ToNfc>;

/// Most bytes of a text, also between two steps: ICU counts in 32 bits.
inline constexpr size_t most_text_bytes = size_t{1} << 30;

/// `utf8` after all steps, one after another. Throws base::Error(Fault::input) when a step makes it
/// longer than `most_bytes`.
std::string normalize(const std::vector<NormalizerStep>& steps, std::string_view utf8,
                      size_t most_bytes = most_text_bytes);

/// `text` with `content` in the place of every `pattern`, which is not empty.
std::string replace_all(std::string_view text, std::string_view pattern, std::string_view content);

}  // namespace checkpoint
