#pragma once

#include <array>

#include "harness/base/json.h"

namespace sweep {

/// Members of a manifest's identity that older runs do not state. They are in no cell either.
inline constexpr std::array<const char*, 2> stated_lately = {"bos", "computation"};

/// `identity` without what `other` is too old to state: what is left must be equal in both.
base::Json comparable_with(const base::Json& other, base::Json identity);

}  // namespace sweep
