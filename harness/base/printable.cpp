#include "harness/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

#include "harness/base/file.h"

namespace base {
namespace {

/// Bytes of the character that starts with `lead`, in text known to be UTF-8.
size_t width(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

uint32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  uint32_t code = lead & (0xFFu >> (character.size() + 1));
  for (const char c : character.substr(1))
    code = (code << 6) | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

/// Of Unicode, what a terminal obeys instead of showing it.
bool is_terminal_command(uint32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool is_line_end = code == 0x2028 || code == 0x2029;
  const bool turns_direction = code == 0x200E || code == 0x200F ||
                               (code >= 0x202A && code <= 0x202E) ||
                               (code >= 0x2066 && code <= 0x2069);
  return is_control || is_line_end || turns_direction;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view valid = text.substr(0, find_invalid_utf8(text));
    for (size_t begin = 0; begin < valid.size();) {
      const std::string_view character =
          valid.substr(begin, width(static_cast<unsigned char>(valid[begin])));
      const uint32_t code = code_point(character);
      if (!is_terminal_command(code)) {
        out += character;
      } else {
        out += code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
      }
      begin += character.size();
    }
    text.remove_prefix(valid.size());
    if (text.empty()) break;
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace base
