#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace checkpoint {

/// How the texts of tokens become the text they stand for; steps of the tokenizers library.
struct DecodeByteLevel {};     ///< GPT-2's alphabet, and U+FFFD for what is not UTF-8
struct DecodeByteFallback {};  ///< <0xE2>: a byte; U+FFFD each when they are not UTF-8 together
struct DecodeReplace {
  std::string pattern;  ///< not empty
  std::string content;
};
struct DecodeMetaspace {
  std::string replacement;
  bool drops_first = true;  ///< the first token's replacements are nothing, others a space
};
struct DecodeStrip {
  std::string content;  ///< one character
  int64_t start = 0;    ///< at most so many are taken off the beginning of a text
  int64_t stop = 0;     ///< and off its end
};
struct DecodeFuse {};  ///< from here on there is one text

using DecoderStep = std::variant<DecodeByteLevel, DecodeByteFallback, DecodeReplace,
                                 DecodeMetaspace, DecodeStrip, DecodeFuse>;

/// The text of `tokens` (their contents, in order) after all steps.
std::string decode_tokens(const std::vector<DecoderStep>& steps, std::vector<std::string> tokens);

}  // namespace checkpoint
