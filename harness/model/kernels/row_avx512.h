#pragma once

#include <cstdint>

namespace model::avx512 {

// Operands of attention, row by row. Runs where available() of softmax_avx512.h says so; bfloat16
// (the uint16_t) where available_bfloat16() does. Rows may be of any length and alignment.

/// One head of one token turned in the half-split layout, and multiplied by `sign`: channel p with
/// channel p + pairs; channels [2 * pairs, dim) are only multiplied. `to` is other memory than `x`.
void rotate(const float* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, float* to);
void rotate(const uint16_t* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, uint16_t* to);

/// to[0, count) = x / by
void divide(const float* x, float by, int64_t count, float* to);
void divide(const float* x, float by, int64_t count, uint16_t* to);

/// x[0, count) *= factor
void multiply(float* x, float factor, int64_t count);

}  // namespace model::avx512
