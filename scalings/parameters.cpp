#include "scalings/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace scalings {
namespace {

constexpr const char* follows_length = "length/trained";

}  // namespace

OriginalLength::OriginalLength(base::StrictObject& params) {
  const bool given = params.has("original_length");
  const int64_t tokens = params.integer("original_length", 1, int64_t{1} << 31, 0);
  if (given) given_ = tokens;
}

nlohmann::json OriginalLength::json() const {
  return given_ ? nlohmann::json(*given_) : nlohmann::json();
}

Factor::Factor(base::StrictObject& params, std::optional<double> fallback) {
  const bool given = params.has("factor");
  const base::Json* value = given ? params.value("factor") : nullptr;
  if (value && value->is_string()) {
    if (*value != follows_length) {
      params.problems().add(
          params.at("factor"),
          fmt::format("must be a number >= 1 or \"{}\" (got {})", follows_length, value->dump()));
    }
    return;
  }
  number_ = params.number("factor", base::Bounds::at_least(1), fallback);
}

double Factor::at(const Context& context, const OriginalLength& original) const {
  if (number_) return *number_;
  return std::max(1.0, static_cast<double>(context.length) / original(context.shape));
}

std::optional<int64_t> Factor::limit(const RopeShape& shape, const OriginalLength& original) const {
  return scaled(original.tokens(shape));
}

std::optional<int64_t> Factor::scaled(int64_t tokens) const {
  if (!number_) return {};
  const double limit = std::floor(*number_ * static_cast<double>(tokens));
  return static_cast<int64_t>(std::min(limit, 0x1p62));  // room for sums of two limits
}

nlohmann::json Factor::json() const {
  return number_ ? nlohmann::json(*number_) : nlohmann::json(follows_length);
}

std::optional<double> optional_number(base::StrictObject& params, const std::string& key,
                                      base::Bounds bounds) {
  const bool given = params.has(key);
  const double number = params.number(key, bounds, 0);
  return given ? std::optional(number) : std::nullopt;
}

nlohmann::json json_or_null(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

}  // namespace scalings
