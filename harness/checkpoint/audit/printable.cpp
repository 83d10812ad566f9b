#include "harness/checkpoint/audit/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/file.h"

namespace audit {
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
    const std::string_view valid = text.substr(0, base::find_invalid_utf8(text));
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

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t most = 6;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

std::string shown(const base::Json& value) {
  constexpr size_t most = 160;
  std::string text = value.dump(-1, ' ', false, base::Json::error_handler_t::replace);
  if (text.size() > most) text = text.substr(0, most - 3) + "...";
  return text;
}

std::string grouped(int64_t number) {
  const std::string digits = fmt::format("{}", number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string grouped(double number) {
  const bool is_whole = std::abs(number) < 1e15 && std::trunc(number) == number;
  return is_whole ? grouped(static_cast<int64_t>(number)) : fmt::format("{}", number);
}

std::string wrapped(std::string_view text, std::string_view indent) {
  constexpr size_t columns = 100;
  std::string out;
  std::string line(indent);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (line.size() > indent.size() && line.size() + 1 + word.size() > columns) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
    begin = end + 1;
  }
  return out + line + "\n";
}

}  // namespace audit
