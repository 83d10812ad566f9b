#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace audit {

/// Text from a file that nobody vouches for, made fit for a terminal and for one line: control
/// characters, marks that turn the direction of writing, and bytes that are not UTF-8 are spelled
/// out as \x1b or \u202e.
std::string printable(std::string_view text);

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
