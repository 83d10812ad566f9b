#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace checkpoint {

/// One code point of valid UTF-8 text and how many bytes it takes.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;
};

/// The code point that begins at byte `at` of valid UTF-8 text.
CodePoint code_point_at(std::string_view text, size_t at);

/// Number of bytes of the character that this byte begins, in valid UTF-8.
size_t utf8_length(unsigned char lead);

/// White_Space of Unicode: what `\s` means to the tokenizers library.
bool is_white_space(char32_t value);

/// Bytes that need not be UTF-8, with U+FFFD for every maximal ill-formed part (WHATWG Encoding).
std::string replace_invalid_utf8(std::string_view bytes);

/// Unicode normalization form C, by the tables of Unicode 9 that the tokenizers library has:
/// characters that are newer stay as they are.
std::string to_nfc(std::string_view utf8);

/// PCRE2 10.42 has the character properties of Unicode 14, the tokenizers library those of
/// Unicode 16. Where `utf8` holds characters on which they differ, this gives the text with another
/// character in the place of each: one that PCRE2 has known for long, of the category that the
/// library sees and of as many bytes, so that a match has the same offsets. Nothing when no
/// character differs.
std::optional<std::string> with_known_characters(std::string_view utf8);

}  // namespace checkpoint
