#include "harness/checkpoint/tokenizer/byte_level.h"

#include <array>
#include <cstdint>

#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

constexpr bool is_written_as_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/// The code points of all bytes: the others are counted from 0x100 on.
constexpr std::array<uint16_t, 256> written_as = [] {
  std::array<uint16_t, 256> table{};
  uint16_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    table[byte] = is_written_as_itself(byte) ? static_cast<uint16_t>(byte) : next++;
  }
  return table;
}();

constexpr size_t end_of_alphabet = 0x100 + 68;

constexpr std::array<int16_t, end_of_alphabet> byte_of = [] {
  std::array<int16_t, end_of_alphabet> table{};
  for (int16_t& byte : table) byte = -1;
  for (int16_t byte = 0; byte < 256; ++byte) table[written_as[static_cast<size_t>(byte)]] = byte;
  return table;
}();

}  // namespace

std::string byte_level_text(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const uint16_t code = written_as[static_cast<unsigned char>(c)];
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return out;
}

std::optional<std::string> byte_level_bytes(std::string_view utf8) {
  std::string out;
  for (size_t at = 0; at < utf8.size();) {
    const CodePoint here = code_point_at(utf8, at);
    if (here.value >= end_of_alphabet || byte_of[here.value] < 0) return {};
    out += static_cast<char>(byte_of[here.value]);
    at += here.bytes;
  }
  return out;
}

}  // namespace checkpoint
