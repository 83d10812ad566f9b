#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace checkpoint {

/// <0x00> ... <0xFF>, as SentencePiece writes the tokens of single bytes.
std::string byte_token(uint8_t byte);

/// The byte that a token stands for, in either case of the digits; nothing for any other token.
std::optional<uint8_t> byte_of_token(std::string_view token);

}  // namespace checkpoint
