#pragma once

#include <cstdint>
#include <string>

namespace base {

/// "65,536": digits in groups of three.
std::string with_commas(int64_t number);

}  // namespace base
