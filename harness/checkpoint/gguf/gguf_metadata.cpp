#include "harness/checkpoint/gguf/gguf_metadata.h"

#include <fmt/format.h>

#include <cmath>

namespace checkpoint {

template <typename Value>
const Value* GgufMetadata::find(std::string_view key, const char* expected) const {
  const auto found = header_.metadata.find(key);
  if (found == header_.metadata.end()) return nullptr;
  const auto* value = std::get_if<Value>(&found->second);
  if (!value) problems_.add(std::string(key), fmt::format("must be {}", expected));
  return value;
}

std::optional<int64_t> GgufMetadata::integer(std::string_view key) const {
  const auto* value = find<int64_t>(key, "an integer");
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> GgufMetadata::number(std::string_view key) const {
  const auto found = header_.metadata.find(key);
  if (found != header_.metadata.end()) {
    if (const auto* whole = std::get_if<int64_t>(&found->second)) {
      return static_cast<double>(*whole);
    }
  }
  const auto* value = find<double>(key, "a number");
  if (!value) return {};
  if (!std::isfinite(*value)) {
    problems_.add(std::string(key), fmt::format("must be a finite number (is {})", *value));
    return {};
  }
  return *value;
}

std::optional<bool> GgufMetadata::boolean(std::string_view key) const {
  const auto* value = find<bool>(key, "true or false");
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::string_view> GgufMetadata::text(std::string_view key) const {
  const auto* value = find<std::string_view>(key, "a text");
  return value ? std::optional(*value) : std::nullopt;
}

const GgufArray* GgufMetadata::array(std::string_view key) const {
  return find<GgufArray>(key, "an array");
}

}  // namespace checkpoint
