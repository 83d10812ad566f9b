#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/json.h"
#include "harness/base/json_values.h"

namespace base {
namespace {

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

struct List {
  const Json& value;
  std::string place;
  std::string kind;    // "numbers"
  std::string wanted;  // of an element: "must be >= 1"
};

/// The elements that `read` takes, and a problem for each that it does not; nothing but a problem
/// when the value is no list.
template <typename T, typename Read>
std::optional<std::vector<T>> elements(const List& list, const Read& read, Problems& problems) {
  if (!list.value.is_array()) {
    problems.add(list.place,
                 fmt::format("must be a list of {} (got {})", list.kind, shown(list.value)));
    return {};
  }
  std::vector<T> out;
  for (size_t i = 0; i < list.value.size(); ++i) {
    const Json& element = list.value[i];
    if (const std::optional<T> taken = read(element)) {
      out.push_back(*taken);
    } else {
      problems.add(fmt::format("{}/{}", list.place, i),
                   fmt::format("{} (got {})", list.wanted, shown(element)));
    }
  }
  return out;
}

}  // namespace

StrictObject::StrictObject(const Json& value, std::string path, Problems& problems)
    : object_(value), path_(std::move(path)), problems_(problems) {
  if (!object_.is_object()) {
    problems_.add(path_, fmt::format("must be an object (got {})", shown(object_)));
  }
}

bool StrictObject::has(const std::string& key) const { return has_value(object_, key); }

std::string StrictObject::at(const std::string& key) const { return path_ + "/" + path_step(key); }

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
  const auto number = whole_number(*found);
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
  const auto read = [&](const Json& element) -> std::optional<double> {
    if (!element.is_number() || !inside(element.get<double>(), bounds)) return {};
    return element.get<double>();
  };
  return elements<double>({*found, at(key), "numbers", requirement(bounds)}, read, problems_)
      .value_or(fallback.value_or(std::vector<double>{}));
}

std::vector<int64_t> StrictObject::integers(const std::string& key, int64_t low, int64_t high,
                                            std::optional<std::vector<int64_t>> fallback) {
  const Json* found = find(key, !fallback);
  if (!found) return fallback.value_or(std::vector<int64_t>{});
  const auto read = [&](const Json& element) -> std::optional<int64_t> {
    const auto number = whole_number(element);
    return number && *number >= low && *number <= high ? number : std::nullopt;
  };
  const std::string wanted = fmt::format("must be an integer in [{}, {}]", low, high);
  return elements<int64_t>({*found, at(key), "integers", wanted}, read, problems_)
      .value_or(fallback.value_or(std::vector<int64_t>{}));
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
