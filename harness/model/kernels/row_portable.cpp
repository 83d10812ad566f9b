#include "harness/model/kernels/row_portable.h"

// What the loops below are compiled for; the loader picks the best that the CPU has.
#define ROPEWALK_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]

namespace model::portable {
namespace {

template <typename From, typename To>
[[gnu::always_inline]] inline void rotate_row(const From* __restrict x, const float* __restrict cos,
                                              const float* __restrict sin, float sign,
                                              int64_t pairs, int64_t dim, To* __restrict to) {
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const float c = sign * cos[pair];
    const float s = sign * sin[pair];
    const float low = load(x[pair]);
    const float high = load(x[pairs + pair]);
    store(to[pair], low * c - high * s);
    store(to[pairs + pair], high * c + low * s);
  }
  for (int64_t channel = 2 * pairs; channel < dim; ++channel) {
    store(to[channel], sign * load(x[channel]));
  }
}

template <typename To>
[[gnu::always_inline]] inline void divide_row(const float* __restrict x, float by, int64_t count,
                                              To* __restrict to) {
  for (int64_t i = 0; i < count; ++i) store(to[i], x[i] / by);
}

}  // namespace

ROPEWALK_CLONES void rotate(const float* x, const float* cos, const float* sin, float sign,
                            int64_t pairs, int64_t dim, float* to) {
  rotate_row(x, cos, sin, sign, pairs, dim, to);
}
ROPEWALK_CLONES void rotate(const bf16* x, const float* cos, const float* sin, float sign,
                            int64_t pairs, int64_t dim, bf16* to) {
  rotate_row(x, cos, sin, sign, pairs, dim, to);
}
ROPEWALK_CLONES void rotate(const bf16* x, const float* cos, const float* sin, float sign,
                            int64_t pairs, int64_t dim, float* to) {
  rotate_row(x, cos, sin, sign, pairs, dim, to);
}

ROPEWALK_CLONES void divide(const float* x, float by, int64_t count, float* to) {
  divide_row(x, by, count, to);
}
ROPEWALK_CLONES void divide(const float* x, float by, int64_t count, bf16* to) {
  divide_row(x, by, count, to);
}

ROPEWALK_CLONES void multiply(float* x, float factor, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] *= factor;
}

ROPEWALK_CLONES void widen(const bf16* x, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = load(x[i]);
}

}  // namespace model::portable
