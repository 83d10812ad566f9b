#include "harness/checkpoint/audit/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace audit {

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

std::string with_commas(double number) {
  const bool is_whole = std::abs(number) < 1e15 && std::trunc(number) == number;
  return is_whole ? with_commas(static_cast<int64_t>(number)) : fmt::format("{}", number);
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
