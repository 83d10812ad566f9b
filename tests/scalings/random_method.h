#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "scalings/catalog.h"

namespace scalings {

/// Random parameters of a method, valid for a model with `pairs` pairs, and small enough that
/// windows, groups and chunks matter within some hundred tokens. Inside a RapidCheck property only.
nlohmann::json random_method(const Method& method, int64_t pairs);

/// Any method of the catalog that sets at least one of `parts` (apply_to_layers never).
nlohmann::json random_method_of(unsigned parts, int64_t pairs);

/// A whole number in [low, high], and a number in steps of a thousandth of the interval.
int64_t random_integer(int64_t low, int64_t high);
double random_number(double low, double high);

}  // namespace scalings
