#pragma once

#include <cstddef>
#include <span>

#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// Elements of a stored tensor as float: exact for every DType. `bytes` may be unaligned and hold
/// out.size() elements.
void to_float(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

/// The other way, rounded to the nearest, ties to even. `bytes` holds in.size() elements.
void from_float(std::span<const float> in, DType dtype, std::span<std::byte> bytes);

}  // namespace checkpoint
