#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sweep {

/// A CSV file in the making. Every file begins with a column `schema_version`.
class Table {
 public:
  static constexpr int64_t schema_version = 1;

  explicit Table(std::vector<std::string> columns);

  /// Begins a row; cells not set stay empty.
  Table& row();
  Table& set(const std::string& column, const std::string& text);
  Table& set(const std::string& column, const char* text);
  Table& set(const std::string& column, int64_t number);
  Table& set(const std::string& column, bool value);  ///< "yes" or "no"
  /// Nine significant digits; nothing for a value that is not finite.
  Table& set(const std::string& column, double number);
  Table& set(const std::string& column, std::optional<double> number);

  /// RFC 4180, lines ending in "\n".
  std::string csv() const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sweep
