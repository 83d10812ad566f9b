#include "tests/bench/instruction_peak.h"

#include <algorithm>
#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>

namespace bench {
namespace {

constexpr int64_t rounds = 1'000'000;
constexpr int chains = 12;  // independent sums: enough to hide the latency
constexpr int lanes = 16;   // of AVX-512; AVX2 has half

/// Seconds of processor time of the fastest of ten runs.
template <typename Run>
double fastest(const Run& run) {
  double best = 1e9;
  for (int repetition = 0; repetition < 10; ++repetition) {
    const std::clock_t start = std::clock();
    run();
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

// The empty asm statements keep the compiler from folding or dropping the sums.

__attribute__((target("avx512f"))) void float32_rounds() {
  __m512 factor = _mm512_set1_ps(1);
  asm volatile("" : "+v"(factor));
  __m512 sums[chains] = {};
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m512& sum : sums) {
      sum = _mm512_fmadd_ps(factor, factor, sum);
      asm volatile("" : "+v"(sum));
    }
  }
}

__attribute__((target("avx2,fma"))) void float32_rounds_avx2() {
  __m256 factor = _mm256_set1_ps(1);
  asm volatile("" : "+x"(factor));
  __m256 sums[chains] = {};
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m256& sum : sums) {
      sum = _mm256_fmadd_ps(factor, factor, sum);
      asm volatile("" : "+x"(sum));
    }
  }
}

__attribute__((target("avx512f,avx512bf16"))) void bfloat16_rounds() {
  __m512bh factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(0x3f803f80));
  asm volatile("" : "+v"(factor));
  __m512 sums[chains] = {};
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m512& sum : sums) {
      sum = _mm512_dpbf16_ps(sum, factor, factor);
      asm volatile("" : "+v"(sum));
    }
  }
}

}  // namespace

double float32_peak() {
  if (__builtin_cpu_supports("avx512f")) {
    return 2.0 * lanes * chains * rounds / fastest(float32_rounds);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return 2.0 * lanes / 2 * chains * rounds / fastest(float32_rounds_avx2);
  }
  return 0;
}

double bfloat16_peak() {
  return __builtin_cpu_supports("avx512bf16")
             ? 4.0 * lanes * chains * rounds / fastest(bfloat16_rounds)
             : float32_peak();
}

}  // namespace bench

#else

namespace bench {

double float32_peak() { return 0; }
double bfloat16_peak() { return 0; }

}  // namespace bench

#endif
