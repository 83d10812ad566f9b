#include "harness/model/kernels/softmax_avx512.h"

#include <limits>
#include <stdexcept>

// Compiled for more than the baseline CPU: nothing here may run before available() has said so, and
// nothing inline from other headers may be instantiated here.
#if defined(__AVX512F__) && defined(__AVX512BF16__)
#include <immintrin.h>

namespace model::avx512 {
namespace {

constexpr int64_t lanes = 16;

/// Lanes of the vector at `at` that lie in [begin, end).
__mmask16 lanes_inside(int64_t at, int64_t begin, int64_t end) {
  const int64_t from = begin > at ? begin - at : 0;
  const int64_t to = end - at < lanes ? end - at : lanes;
  return static_cast<__mmask16>(((1u << to) - 1) & ~((1u << from) - 1));
}

/// 2^x for x <= 0 by exp2_fit, or for weights of bfloat16 by a fit of degree 3: its relative error
/// of 1e-4 is a fortieth of their step. NaN stays NaN.
template <typename Weight>
__m512 exp2_of(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 part = _mm512_sub_ps(x, whole);
  constexpr bool exact = sizeof(Weight) == sizeof(float);
  constexpr float coarse[] = {0.05583828295f, 0.2426394785f, 0.6931367339f, 0.999924557f};
  const auto step = [&](__m512 y, float next) {
    return _mm512_fmadd_ps(y, part, _mm512_set1_ps(next));
  };
  __m512 y;
  if constexpr (exact) {
    y = step(step(_mm512_set1_ps(exp2_fit[0]), exp2_fit[1]), exp2_fit[2]);
    y = step(step(step(y, exp2_fit[3]), exp2_fit[4]), exp2_fit[5]);
  } else {
    y = step(step(step(_mm512_set1_ps(coarse[0]), coarse[1]), coarse[2]), coarse[3]);
  }
  return _mm512_scalef_ps(y, whole);
}

float scalar_exp2(float x) { return _mm512_cvtss_f32(exp2_of<float>(_mm512_set1_ps(x))); }

void put(float* to, __m512 weights) { _mm512_storeu_ps(to, weights); }
void put(uint16_t* to, __m512 weights) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weights)));
}

template <typename Weight>
float absorb_row(SoftmaxRow& row, const float* scores, Weight* weights, int64_t begin, int64_t end,
                 int64_t width) {
  const __m512 nothing = _mm512_setzero_ps();
  if (begin >= end) {
    for (int64_t at = 0; at < width; at += lanes) {
      put(weights + at, nothing);
    }
    return 1;
  }
  // Whole vectors lie in [inner, outer); the ragged ends are masked.
  const int64_t first = begin / lanes * lanes;
  const int64_t inner = (begin + lanes - 1) / lanes * lanes;
  const int64_t outer = end / lanes * lanes;
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  __m512 most0 = lowest, most1 = lowest;
  if (first < inner) {
    most0 = _mm512_mask_loadu_ps(lowest, lanes_inside(first, begin, end), scores + first);
  }
  int64_t at = inner;
  for (; at + lanes < outer; at += 2 * lanes) {
    most0 = _mm512_max_ps(most0, _mm512_loadu_ps(scores + at));
    most1 = _mm512_max_ps(most1, _mm512_loadu_ps(scores + at + lanes));
  }
  if (at < outer) {
    most0 = _mm512_max_ps(most0, _mm512_loadu_ps(scores + at));
  }
  if (outer >= inner && outer < end) {
    most1 = _mm512_max_ps(
        most1, _mm512_mask_loadu_ps(lowest, lanes_inside(outer, begin, end), scores + outer));
  }
  const float most = _mm512_reduce_max_ps(_mm512_max_ps(most0, most1)) * row.scale;
  const float before = row.largest;
  const float largest = most > before ? most : before;
  const float shrink = before == largest ? 1.0f : scalar_exp2(before - largest);

  const __m512 scale = _mm512_set1_ps(row.scale);
  const __m512 offset = _mm512_set1_ps(largest);
  __m512 sum0 = nothing, sum1 = nothing;
  const auto weight_at = [&](int64_t key) {
    return exp2_of<Weight>(_mm512_fmsub_ps(_mm512_loadu_ps(scores + key), scale, offset));
  };
  const auto ragged = [&](int64_t key) {
    const __m512 weight = _mm512_maskz_mov_ps(lanes_inside(key, begin, end), weight_at(key));
    sum0 = _mm512_add_ps(sum0, weight);
    put(weights + key, weight);
  };
  for (at = 0; at < first; at += lanes) {
    put(weights + at, nothing);
  }
  if (first < inner) {
    ragged(first);
  }
  for (at = inner; at + lanes < outer; at += 2 * lanes) {
    const __m512 weight0 = weight_at(at);
    const __m512 weight1 = weight_at(at + lanes);
    sum0 = _mm512_add_ps(sum0, weight0);
    sum1 = _mm512_add_ps(sum1, weight1);
    put(weights + at, weight0);
    put(weights + at + lanes, weight1);
  }
  if (at < outer) {
    const __m512 weight = weight_at(at);
    sum1 = _mm512_add_ps(sum1, weight);
    put(weights + at, weight);
  }
  if (outer >= inner && outer < end) {
    ragged(outer);
  }
  for (at = (end + lanes - 1) / lanes * lanes; at < width; at += lanes) {
    put(weights + at, nothing);
  }
  row.sum = row.sum * shrink + _mm512_reduce_add_ps(_mm512_add_ps(sum0, sum1));
  row.largest = largest;
  return shrink;
}

}  // namespace

bool available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

bool available_bfloat16() { return available() && __builtin_cpu_supports("avx512bf16"); }

float absorb(SoftmaxRow& row, const float* scores, float* weights, int64_t begin, int64_t end,
             int64_t width) {
  return absorb_row(row, scores, weights, begin, end, width);
}

float absorb(SoftmaxRow& row, const float* scores, uint16_t* weights, int64_t begin, int64_t end,
             int64_t width) {
  return absorb_row(row, scores, weights, begin, end, width);
}

}  // namespace model::avx512

#else

namespace model::avx512 {

bool available() { return false; }
bool available_bfloat16() { return false; }
float absorb(SoftmaxRow&, const float*, float*, int64_t, int64_t, int64_t) {
  throw std::logic_error("built without AVX-512");
}
float absorb(SoftmaxRow&, const float*, uint16_t*, int64_t, int64_t, int64_t) {
  throw std::logic_error("built without AVX-512");
}

}  // namespace model::avx512

#endif
