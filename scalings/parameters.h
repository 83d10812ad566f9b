#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/base/json.h"
#include "scalings/plan.h"

namespace scalings {

/// The window that a method's formula calls L: `original_length` where it is given, else the
/// trained length of the model.
class OriginalLength {
 public:
  explicit OriginalLength(base::StrictObject& params);

  int64_t tokens(const RopeShape& shape) const { return given_.value_or(shape.trained_length); }
  double operator()(const RopeShape& shape) const { return static_cast<double>(tokens(shape)); }
  nlohmann::json json() const;

 private:
  std::optional<int64_t> given_;
};

/// How far a method stretches, s >= 1: a number, or "length/trained" for max(1, length / L) of each
/// context.
class Factor {
 public:
  /// Reads `factor`; required without a fallback.
  explicit Factor(base::StrictObject& params, std::optional<double> fallback = {});

  double at(const Context& context, const OriginalLength& original) const;
  /// s * L tokens; nothing when the factor follows the length.
  std::optional<int64_t> limit(const RopeShape& shape, const OriginalLength& original) const;
  /// s * tokens, rounded down; nothing when the factor follows the length.
  std::optional<int64_t> scaled(int64_t tokens) const;
  nlohmann::json json() const;

 private:
  std::optional<double> number_;
};

/// A number within `bounds`, or nothing when the key is absent or null.
std::optional<double> optional_number(base::StrictObject& params, const std::string& key,
                                      base::Bounds bounds);

nlohmann::json json_or_null(const std::optional<double>& number);

}  // namespace scalings
