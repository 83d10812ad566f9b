#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/printable.h"

namespace audit {

using base::printable;

/// The first few of many names, printable: "a, b and 5 more".
std::string listed(const std::vector<std::string>& names);

/// The JSON of a value, cut after 160 bytes.
std::string shown(const base::Json& value);

/// 34388917248 -> "34,388,917,248"; a number that is not whole, or beyond 10^15, as it is.
std::string grouped(int64_t number);
std::string grouped(double number);

/// A sentence in lines of at most 100 columns, each behind `indent`; longer words stay whole.
std::string wrapped(std::string_view text, std::string_view indent);

}  // namespace audit
