#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace model {

/// What the loops over rows between two matrix products are made of: elements of float32 or
/// bfloat16, computed in float32. Every function is inlined into its caller, so that the loop is
/// vectorised for the instruction set that the caller is compiled for, and callers are clones for
/// several of them (gnu::target_clones), of which the loader picks one.

struct bf16 {
  uint16_t bits;
};

[[gnu::always_inline]] inline float load(float value) { return value; }
[[gnu::always_inline]] inline float load(bf16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}
[[gnu::always_inline]] inline void store(float& to, float value) { to = value; }
/// Rounds to nearest, ties to even. Of a NaN, whose payload the rounding could carry into a zero,
/// it keeps the upper half and makes it quiet: what is broken stays broken.
[[gnu::always_inline]] inline void store(bf16& to, float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = bits + 0x7fffU + ((bits >> 16) & 1U);
  const bool is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
  to.bits = static_cast<uint16_t>((is_nan ? bits | 0x00400000U : rounded) >> 16);
}

/// exp(x) to 2 ulp for x in [-87, 88], clamped outside: 2^n * p(f), the Taylor polynomial of 2^f on
/// [-1/2, 1/2].
[[gnu::always_inline]] inline float exponential(float x) {
  const float clamped = x < -87.0F ? -87.0F : (x > 88.0F ? 88.0F : x);
  const float scaled = clamped * 1.44269504F;
  const float rounded = (scaled + 12582912.0F) - 12582912.0F;  // 1.5 * 2^23: the nearest integer
  const float f = (scaled - rounded) * 0.693147181F;
  float p = 1.0F / 720.0F;
  p = p * f + 1.0F / 120.0F;
  p = p * f + 1.0F / 24.0F;
  p = p * f + 1.0F / 6.0F;
  p = p * f + 0.5F;
  p = p * f + 1.0F;
  p = p * f + 1.0F;
  const auto exponent = static_cast<int32_t>(rounded) + 127;
  return p * std::bit_cast<float>(static_cast<uint32_t>(exponent) << 23);
}

/// Sum of term(0) ... term(n - 1) in sixteen running sums: an order that is fixed by the source and
/// that vectorises without -ffast-math.
template <typename Term>
[[gnu::always_inline]] inline float sum_of(int64_t n, Term term) {
  constexpr int64_t lane_count = 16;
  float lanes[lane_count] = {};
  int64_t i = 0;
  for (; i + lane_count <= n; i += lane_count) {
    for (int64_t lane = 0; lane < lane_count; ++lane) lanes[lane] += term(i + lane);
  }
  float total = 0.0F;
  for (; i < n; ++i) total += term(i);
  for (const float lane : lanes) total += lane;
  return total;
}

/// RMSNorm of one row (Zhang and Sennrich 2019): y = x * gain / sqrt(mean(x^2) + eps). Returns the
/// factor of x. x, gain, y [width]
template <typename T>
[[gnu::always_inline]] inline float norm_row(const float* __restrict x,
                                             const float* __restrict gain, float eps, int64_t width,
                                             T* __restrict y) {
  const float square = sum_of(width, [x](int64_t i) { return x[i] * x[i]; });
  const float inverse = 1.0F / std::sqrt(square / static_cast<float>(width) + eps);
  for (int64_t i = 0; i < width; ++i) store(y[i], x[i] * inverse * gain[i]);
  return inverse;
}

/// SwiGLU of one row (Shazeer 2020): y = silu(gate) * up. gate, up, y [width]
template <typename T>
[[gnu::always_inline]] inline void swiglu_row(const T* __restrict gate, const T* __restrict up,
                                              int64_t width, T* __restrict y) {
  for (int64_t i = 0; i < width; ++i) {
    const float g = load(gate[i]);
    store(y[i], g / (1.0F + exponential(-g)) * load(up[i]));
  }
}

}  // namespace model
