#include "harness/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace base {
namespace {

/// RFC 6901 escaping of one key.
std::string escaped(const std::string& key) {
  std::string out;
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

/// What walks a value later (canonical_json, dump) calls itself for each level.
constexpr size_t deepest_nesting = 256;

/// Builds a value event by event and reports what nlohmann's own builder would swallow: a key that
/// an object has already.
class DuplicateFinder : public nlohmann::json_sax<Json> {
 public:
  DuplicateFinder(const std::string& file, std::string_view text, Problems& problems)
      : file_(file), text_(text), problems_(problems) {}

  bool null() override { return leaf(); }
  bool boolean(bool) override { return leaf(); }
  bool number_integer(number_integer_t) override { return leaf(); }
  bool number_unsigned(number_unsigned_t) override { return leaf(); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) problems_.add(path(), "number out of range: " + text);
    return leaf();
  }
  bool string(string_t&) override { return leaf(); }
  bool binary(binary_t&) override { return leaf(); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.step = escaped(name);
    if (!level.keys.insert(name).second) {
      problems_.add(path(), "duplicate key", "keep one of the two");
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = before.size() - (newline == before.npos ? 0 : newline + 1) + 1;
    std::string cause = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
    if (const auto colon = cause.find(": "); colon != cause.npos) cause = cause.substr(colon + 2);
    throw Error(Fault::input, file_,
                Problem{fmt::format("line {}, column {}", line, column), "not JSON: " + cause, ""});
  }

 private:
  struct Level {
    bool is_object = false;
    int64_t index = 0;
    std::string step;
    std::set<std::string> keys;
  };

  std::string path() const {
    std::string out;
    for (const Level& level : levels_) {
      out += "/" + (level.is_object ? level.step : std::to_string(level.index));
    }
    return out;
  }
  bool leaf() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool open(bool is_object) {
    if (levels_.size() == deepest_nesting) {
      throw Error(Fault::input, file_,
                  Problem{"", fmt::format("nested deeper than {} levels", deepest_nesting), ""});
    }
    levels_.push_back({.is_object = is_object, .index = 0, .step = {}, .keys = {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return leaf();
  }

  const std::string& file_;
  std::string_view text_;
  Problems& problems_;
  std::vector<Level> levels_;
};

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string requirement(Bounds bounds) {
  const bool has_low = std::isfinite(bounds.low);
  const bool has_high = std::isfinite(bounds.high);
  if (has_low && has_high) {
    return fmt::format("must be in {}{}, {}]", bounds.low_is_open ? "(" : "[", bounds.low,
                       bounds.high);
  }
  if (has_low) return fmt::format("must be {} {}", bounds.low_is_open ? ">" : ">=", bounds.low);
  if (has_high) return fmt::format("must be <= {}", bounds.high);
  return "must be a finite number";
}

bool inside(double value, Bounds bounds) {
  return std::isfinite(value) && value <= bounds.high &&
         (bounds.low_is_open ? value > bounds.low : value >= bounds.low);
}

/// Whole numbers may be written 8 or 8.0.
std::optional<int64_t> whole(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return {};
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) < 9e15) {
      return static_cast<int64_t>(number);
    }
  }
  return {};
}

int64_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<int64_t> row(right.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 0; i < left.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i) + 1;
    for (size_t j = 0; j < right.size(); ++j) {
      const int64_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

Json parse_json(std::string_view text, const std::string& file, Problems& problems) {
  DuplicateFinder finder(file, text, problems);
  Json::sax_parse(text.begin(), text.end(), &finder);
  return Json::parse(text.begin(), text.end());
}

Json parse_json(std::string_view text, const std::string& file) {
  Problems problems;
  Json value = parse_json(text, file, problems);
  problems.throw_if_any(file);
  return value;
}

std::string canonical_json(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      std::string out = "{";
      for (const auto& [key, member] : value.items()) {
        if (out.size() > 1) out += ',';
        out += Json(key).dump() + ":" + canonical_json(member);
      }
      return out + "}";
    }
    case Json::value_t::array: {
      std::string out = "[";
      for (const Json& member : value) {
        if (out.size() > 1) out += ',';
        out += canonical_json(member);
      }
      return out + "]";
    }
    case Json::value_t::number_float: {
      const double number = value.get<double>();
      if (!std::isfinite(number))
        throw std::invalid_argument("canonical_json: not a finite number");
      if (const auto integer = whole(value)) return std::to_string(*integer);
      return fmt::format("{:.17g}", number);
    }
    default:
      return value.dump();
  }
}

StrictObject::StrictObject(const Json& value, std::string path, Problems& problems)
    : object_(value), path_(std::move(path)), problems_(problems) {
  if (!object_.is_object()) {
    problems_.add(path_, fmt::format("must be an object (got {})", shown(object_)));
  }
}

bool StrictObject::has(const std::string& key) const {
  return object_.is_object() && object_.contains(key) && !object_.at(key).is_null();
}

std::string StrictObject::at(const std::string& key) const { return path_ + "/" + escaped(key); }

const Json* StrictObject::find(const std::string& key, bool is_required) {
  asked_.insert(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  if (found == object_.end()) {
    if (is_required) problems_.add(at(key), "missing");
    return nullptr;
  }
  if (found->is_null()) {
    if (is_required) problems_.add(at(key), "must not be null");
    return nullptr;
  }
  return &*found;
}

const Json* StrictObject::value(const std::string& key) { return find(key, false); }
const Json* StrictObject::required(const std::string& key) { return find(key, true); }

double StrictObject::number(const std::string& key, Bounds bounds, std::optional<double> fallback) {
  const double otherwise = fallback.value_or(std::isfinite(bounds.low) ? bounds.low : 0);
  const Json* found = find(key, !fallback);
  if (!found) return otherwise;
  if (!found->is_number()) {
    problems_.add(at(key), fmt::format("must be a number (got {})", shown(*found)));
    return otherwise;
  }
  const double number = found->get<double>();
  if (!inside(number, bounds)) {
    problems_.add(at(key), fmt::format("{} (got {})", requirement(bounds), shown(*found)));
    return otherwise;
  }
  return number;
}

int64_t StrictObject::integer(const std::string& key, int64_t low, int64_t high,
                              std::optional<int64_t> fallback) {
  const int64_t otherwise = fallback.value_or(low);
  const Json* found = find(key, !fallback);
  if (!found) return otherwise;
  const auto number = whole(*found);
  if (!number) {
    problems_.add(at(key), fmt::format("must be an integer (got {})", shown(*found)));
    return otherwise;
  }
  if (*number < low || *number > high) {
    problems_.add(at(key), fmt::format("must be in [{}, {}] (got {})", low, high, *number));
    return otherwise;
  }
  return *number;
}

bool StrictObject::boolean(const std::string& key, std::optional<bool> fallback) {
  const Json* found = find(key, !fallback);
  if (!found) return fallback.value_or(false);
  if (!found->is_boolean()) {
    problems_.add(at(key), fmt::format("must be true or false (got {})", shown(*found)));
    return fallback.value_or(false);
  }
  return found->get<bool>();
}

std::string StrictObject::text(const std::string& key, std::optional<std::string> fallback) {
  const Json* found = find(key, !fallback);
  if (!found) return fallback.value_or("");
  if (!found->is_string()) {
    problems_.add(at(key), fmt::format("must be a string (got {})", shown(*found)));
    return fallback.value_or("");
  }
  return found->get<std::string>();
}

std::string StrictObject::choice(const std::string& key, const std::vector<std::string>& allowed,
                                 std::optional<std::string> fallback) {
  const size_t before = problems_.found().size();
  const std::string chosen = text(key, fallback);
  if (problems_.found().size() != before) return fallback.value_or("");
  if (std::find(allowed.begin(), allowed.end(), chosen) == allowed.end()) {
    problems_.add(at(key),
                  fmt::format("must be one of {} (got \"{}\")", fmt::join(allowed, ", "), chosen));
    return fallback.value_or("");
  }
  return chosen;
}

std::vector<double> StrictObject::numbers(const std::string& key, Bounds bounds,
                                          std::optional<std::vector<double>> fallback) {
  const Json* found = find(key, !fallback);
  if (!found) return fallback.value_or(std::vector<double>{});
  if (!found->is_array()) {
    problems_.add(at(key), fmt::format("must be a list of numbers (got {})", shown(*found)));
    return fallback.value_or(std::vector<double>{});
  }
  std::vector<double> out;
  for (size_t i = 0; i < found->size(); ++i) {
    const Json& element = (*found)[i];
    if (!element.is_number() || !inside(element.get<double>(), bounds)) {
      problems_.add(fmt::format("{}/{}", at(key), i),
                    fmt::format("{} (got {})", requirement(bounds), shown(element)));
      continue;
    }
    out.push_back(element.get<double>());
  }
  return out;
}

std::vector<int64_t> StrictObject::integers(const std::string& key, int64_t low, int64_t high,
                                            std::optional<std::vector<int64_t>> fallback) {
  const Json* found = find(key, !fallback);
  if (!found) return fallback.value_or(std::vector<int64_t>{});
  if (!found->is_array()) {
    problems_.add(at(key), fmt::format("must be a list of integers (got {})", shown(*found)));
    return fallback.value_or(std::vector<int64_t>{});
  }
  std::vector<int64_t> out;
  for (size_t i = 0; i < found->size(); ++i) {
    const auto number = whole((*found)[i]);
    if (!number || *number < low || *number > high) {
      problems_.add(
          fmt::format("{}/{}", at(key), i),
          fmt::format("must be an integer in [{}, {}] (got {})", low, high, shown((*found)[i])));
      continue;
    }
    out.push_back(*number);
  }
  return out;
}

void StrictObject::finish() {
  if (!object_.is_object()) return;
  for (const auto& [key, member] : object_.items()) {
    if (asked_.count(key)) continue;
    std::string nearest;
    int64_t best = 3;
    for (const std::string& known : asked_) {
      if (const int64_t distance = edit_distance(key, known); distance < best) {
        best = distance;
        nearest = known;
      }
    }
    problems_.add(at(key), "unknown key",
                  nearest.empty() ? fmt::format("known keys: {}", fmt::join(asked_, ", "))
                                  : fmt::format("did you mean \"{}\"?", nearest));
  }
}

}  // namespace base
