#include "harness/model/kernels/row_avx512.h"

#include <stdexcept>

// Compiled for more than the baseline CPU: nothing here may run before available() has said so, and
// nothing inline from other headers may be instantiated here.
#if defined(__AVX512F__) && defined(__AVX512BF16__)
#include <immintrin.h>

namespace model::avx512 {
namespace {

constexpr int64_t lanes = 16;

/// The lanes that `left` elements fill.
__mmask16 first_lanes(int64_t left) {
  return static_cast<__mmask16>(left >= lanes ? 0xffff : (1u << left) - 1);
}

__m512 get(const float* from, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, from); }
__m512 get(const uint16_t* from, __mmask16 mask) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

void put(float* to, __mmask16 mask, __m512 values) { _mm512_mask_storeu_ps(to, mask, values); }
void put(uint16_t* to, __mmask16 mask, __m512 values) {
  _mm256_mask_storeu_epi16(to, mask, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
}

template <typename T>
void rotate_row(const T* x, const float* cos, const float* sin, float sign, int64_t pairs,
                int64_t dim, T* to) {
  const __m512 turn = _mm512_set1_ps(sign);
  for (int64_t pair = 0; pair < pairs; pair += lanes) {
    const __mmask16 mask = first_lanes(pairs - pair);
    const __m512 c = _mm512_mul_ps(turn, _mm512_maskz_loadu_ps(mask, cos + pair));
    const __m512 s = _mm512_mul_ps(turn, _mm512_maskz_loadu_ps(mask, sin + pair));
    const __m512 low = get(x + pair, mask);
    const __m512 high = get(x + pairs + pair, mask);
    put(to + pair, mask, _mm512_fmsub_ps(low, c, _mm512_mul_ps(high, s)));
    put(to + pairs + pair, mask, _mm512_fmadd_ps(high, c, _mm512_mul_ps(low, s)));
  }
  for (int64_t channel = 2 * pairs; channel < dim; channel += lanes) {
    const __mmask16 mask = first_lanes(dim - channel);
    put(to + channel, mask, _mm512_mul_ps(turn, get(x + channel, mask)));
  }
}

template <typename T>
void divide_row(const float* x, float by, int64_t count, T* to) {
  const __m512 divisor = _mm512_set1_ps(by);
  for (int64_t at = 0; at < count; at += lanes) {
    const __mmask16 mask = first_lanes(count - at);
    put(to + at, mask, _mm512_div_ps(_mm512_maskz_loadu_ps(mask, x + at), divisor));
  }
}

}  // namespace

void rotate(const float* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, float* to) {
  rotate_row(x, cos, sin, sign, pairs, dim, to);
}

void rotate(const uint16_t* x, const float* cos, const float* sin, float sign, int64_t pairs,
            int64_t dim, uint16_t* to) {
  rotate_row(x, cos, sin, sign, pairs, dim, to);
}

void divide(const float* x, float by, int64_t count, float* to) { divide_row(x, by, count, to); }
void divide(const float* x, float by, int64_t count, uint16_t* to) { divide_row(x, by, count, to); }

void multiply(float* x, float factor, int64_t count) {
  const __m512 by = _mm512_set1_ps(factor);
  for (int64_t at = 0; at < count; at += lanes) {
    const __mmask16 mask = first_lanes(count - at);
    put(x + at, mask, _mm512_mul_ps(get(x + at, mask), by));
  }
}

}  // namespace model::avx512

#else

namespace model::avx512 {
namespace {

[[noreturn]] void refuse() { throw std::logic_error("built without AVX-512"); }

}  // namespace

void rotate(const float*, const float*, const float*, float, int64_t, int64_t, float*) { refuse(); }
void rotate(const uint16_t*, const float*, const float*, float, int64_t, int64_t, uint16_t*) {
  refuse();
}
void divide(const float*, float, int64_t, float*) { refuse(); }
void divide(const float*, float, int64_t, uint16_t*) { refuse(); }
void multiply(float*, float, int64_t) { refuse(); }

}  // namespace model::avx512

#endif
