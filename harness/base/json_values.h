#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/json.h"

namespace base {

/// One step of a JSON path: a key escaped as RFC 6901 says.
std::string path_step(const std::string& key);

/// The integer that a number is, written 8 or 8.0; nothing for any other value, and for one that no
/// int64_t holds.
std::optional<int64_t> whole_number(const Json& value);

}  // namespace base
