#include "harness/sweep/summary/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace sweep {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string line(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) out += (out.empty() ? "" : ",") + quoted(cell);
  return out + "\n";
}

}  // namespace

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {
  columns_.insert(columns_.begin(), "schema_version");
}

Table& Table::row() {
  rows_.emplace_back(columns_.size());
  rows_.back().front() = std::to_string(schema_version);
  return *this;
}

Table& Table::set(const std::string& column, const std::string& text) {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) throw std::logic_error("no column " + column);
  rows_.back()[static_cast<size_t>(found - columns_.begin())] = text;
  return *this;
}

Table& Table::set(const std::string& column, const char* text) {
  return set(column, std::string(text));
}

Table& Table::set(const std::string& column, int64_t number) {
  return set(column, std::to_string(number));
}

Table& Table::set(const std::string& column, bool value) {
  return set(column, value ? "yes" : "no");
}

Table& Table::set(const std::string& column, double number) {
  return set(column, std::isfinite(number) ? fmt::format("{:.9g}", number) : std::string());
}

Table& Table::set(const std::string& column, std::optional<double> number) {
  return number ? set(column, *number) : *this;
}

std::string Table::csv() const {
  std::string out = line(columns_);
  for (const auto& row : rows_) out += line(row);
  return out;
}

}  // namespace sweep
