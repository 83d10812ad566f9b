#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"

namespace base {

using Json = nlohmann::json;

/// Parses strict JSON. Duplicate keys (which nlohmann::json resolves silently) become problems with
/// their JSON path; a syntax error throws Error(Fault::input) with line and column, and
/// so does a value nested deeper than 256 levels. `file` only names the source in messages.
Json parse_json(std::string_view text, const std::string& file, Problems& problems);

/// The same, throwing on any problem.
Json parse_json(std::string_view text, const std::string& file);

/// One text per value: keys sorted, no white space, integral doubles written as integers (8.0 and 8
/// are one parameter), other doubles with 17 significant digits. Throws std::invalid_argument on
/// NaN and infinities, which JSON cannot say.
std::string canonical_json(const Json& value);

/// Whether `value` is an object that has the key, with another value than null.
inline bool has_value(const Json& value, const std::string& key) {
  return value.is_object() && value.contains(key) && !value.at(key).is_null();
}

/// Closed interval for numbers; an open end is made by `above`.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_is_open = false;

  static Bounds at_least(double low) { return {low}; }
  static Bounds above(double low) { return {low, std::numeric_limits<double>::infinity(), true}; }
  static Bounds between(double low, double high) { return {low, high}; }
};

/// Reads one JSON object strictly: every key is asked for by name, every wrong or missing value and
/// every key nobody asked for becomes a problem with its JSON path (RFC 6901). A value with a
/// problem reads as its fallback, or without one as the lowest that its bounds allow (zero, empty):
/// reading goes on, finds the rest, and may divide by it.
class StrictObject {
 public:
  StrictObject(const Json& value, std::string path, Problems& problems);

  bool has(const std::string& key) const;  ///< present and not null
  double number(const std::string& key, Bounds bounds, std::optional<double> fallback = {});
  int64_t integer(const std::string& key, int64_t low, int64_t high,
                  std::optional<int64_t> fallback = {});
  bool boolean(const std::string& key, std::optional<bool> fallback = {});
  std::string text(const std::string& key, std::optional<std::string> fallback = {});
  std::string choice(const std::string& key, const std::vector<std::string>& allowed,
                     std::optional<std::string> fallback = {});
  std::vector<double> numbers(const std::string& key, Bounds bounds,
                              std::optional<std::vector<double>> fallback = {});
  std::vector<int64_t> integers(const std::string& key, int64_t low, int64_t high,
                                std::optional<std::vector<int64_t>> fallback = {});

  /// The raw value, for shapes that this class does not know; nullptr when absent or null. Counts
  /// as asked for.
  const Json* value(const std::string& key);
  /// The raw value; a problem when absent.
  const Json* required(const std::string& key);

  /// JSON path of a key of this object.
  std::string at(const std::string& key) const;
  const std::string& path() const { return path_; }
  Problems& problems() { return problems_; }

  /// Reports every key that nobody asked for, naming the nearest known one. Call it last.
  void finish();

 private:
  const Json* find(const std::string& key, bool is_required);

  const Json& object_;
  std::string path_;
  Problems& problems_;
  std::set<std::string> asked_;
};

}  // namespace base
