#pragma once

#include <cstdint>

#include "harness/model/kernels/row_math.h"

namespace model::portable {

// Operands of attention, row by row. Rows may be of any length and alignment.

/// One head of one token turned in the half-split layout, and multiplied by `sign`: channel p with
/// channel p + pairs; channels [2 * pairs, dim) are only multiplied. `to` is other memory than `x`.
void rotate(const float* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, float* to);
void rotate(const bf16* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, bf16* to);
void rotate(const bf16* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, float* to);

/// to[0, count) = x / by
void divide(const float* x, float by, int64_t count, float* to);
void divide(const float* x, float by, int64_t count, bf16* to);

/// x[0, count) *= factor
void multiply(float* x, float factor, int64_t count);

/// to[0, count) = x
void widen(const bf16* x, int64_t count, float* to);

}  // namespace model::portable
