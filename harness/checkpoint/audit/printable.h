#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/printable.h"
#include "harness/base/with_commas.h"

namespace audit {

using base::printable;

/// The first few of many names, printable: "a, b and 5 more".
std::string listed(const std::vector<std::string>& names);

/// The JSON of a value, cut after 160 bytes.
std::string shown(const base::Json& value);

using base::with_commas;
/// The same of a number that is whole; one that is not, or is beyond 10^15, as it is.
std::string with_commas(double number);

/// A sentence in lines of at most 100 columns, each behind `indent`; longer words stay whole.
std::string wrapped(std::string_view text, std::string_view indent);

}  // namespace audit
