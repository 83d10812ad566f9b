#include "harness/model/kernels/softmax_portable.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "harness/model/kernels/row_math.h"

namespace model::portable {
namespace {

/// 2^x for x <= 0; zero below the smallest normal
/// number. NaN stays NaN.
[[gnu::always_inline]] inline float exp2_of(float x) {
  const float clamped = x < -126.0F ? -126.0F : x;
  const float rounded = (clamped + 12582912.0F) - 12582912.0F;  // 1.5 * 2^23: the nearest integer
  const float f = clamped - rounded;
  float p = exp2_fit[0];
  p = p * f + exp2_fit[1];
  p = p * f + exp2_fit[2];
  p = p * f + exp2_fit[3];
  p = p * f + exp2_fit[4];
  p = p * f + exp2_fit[5];
  const auto exponent = static_cast<int32_t>(rounded) + 127;
  const float power = p * std::bit_cast<float>(static_cast<uint32_t>(exponent) << 23);
  return x < -126.0F ? 0.0F : power;
}

/// Largest of x [n]; NaN is passed over.
[[gnu::always_inline]] inline float largest_of(const float* x, int64_t n) {
  constexpr int64_t lane_count = 32;
  float lanes[lane_count];
  for (float& lane : lanes) lane = -std::numeric_limits<float>::infinity();
  int64_t i = 0;
  for (; i + lane_count <= n; i += lane_count) {
    for (int64_t lane = 0; lane < lane_count; ++lane) {
      lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
    }
  }
  for (; i < n; ++i) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  return *std::max_element(lanes, lanes + lane_count);
}

[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]] float absorb_row(
    SoftmaxRow& row, float* scores, int64_t n) {
  const float most = largest_of(scores, n) * row.scale;
  const float before = row.largest;
  const float largest = most > before ? most : before;
  const float scale = row.scale;
  const float sum = sum_of(n, [=](int64_t i) {
    const float weight = exp2_of(scores[i] * scale - largest);
    scores[i] = weight;
    return weight;
  });
  const float shrink = before == largest ? 1.0F : exp2_of(before - largest);
  row.sum = row.sum * shrink + sum;
  row.largest = largest;
  return shrink;
}

}  // namespace

float absorb(SoftmaxRow& row, float* scores, int64_t begin, int64_t end, int64_t width) {
  if (begin >= end) {
    std::fill(scores, scores + width, 0.0F);
    return 1;
  }
  std::fill(scores, scores + begin, 0.0F);
  std::fill(scores + end, scores + width, 0.0F);
  return absorb_row(row, scores + begin, end - begin);
}

}  // namespace model::portable
