#pragma once

#include <cstdint>

#include "harness/model/kernels/softmax_row.h"

namespace model::avx512 {

/// Whether this CPU and this build can run the functions below.
bool available();
/// Whether bfloat16 products are native too.
bool available_bfloat16();

/// Takes scores [begin, end) of a row that is `width` wide into the softmax. Weights of those keys
/// are written, zero elsewhere in [0, width). Returns what earlier sums were multiplied with, and
/// earlier outputs must be. `width` is a multiple of 16; scores and weights may be the same memory;
/// 2^x has a relative error of 1e-7.
float absorb(SoftmaxRow& row, const float* scores, float* weights, int64_t begin, int64_t end,
             int64_t width);
/// The same with weights rounded to bfloat16; the sum is that of the unrounded ones, 2^x good to
/// 1e-4.
float absorb(SoftmaxRow& row, const float* scores, uint16_t* weights, int64_t begin, int64_t end,
             int64_t width);

}  // namespace model::avx512
