#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace checkpoint {

/// GPT-2's alphabet: every byte is written as one printable character, so that a vocabulary of
/// bytes can be a text file ("Ġthe" is " the"). Radford et al. 2019, bytes_to_unicode.
std::string byte_level_text(std::string_view bytes);

/// The other way; nothing when a character stands for no byte.
std::optional<std::string> byte_level_bytes(std::string_view utf8);

}  // namespace checkpoint
