#pragma once

#include <cstdint>

#include "harness/model/kernels/softmax_row.h"

namespace model::portable {

/// Takes scores [begin, end) of a row that is `width` wide into the softmax. Weights of those keys
/// take the places of their scores, zero all others in [0, width). Returns what earlier sums were
/// multiplied with, and earlier outputs must be. Order and bits of the sum are those of the keys in
/// [begin, end), wherever in the row they lie; 2^x has a relative error of 2e-7.
float absorb(SoftmaxRow& row, float* scores, int64_t begin, int64_t end, int64_t width);

}  // namespace model::portable
