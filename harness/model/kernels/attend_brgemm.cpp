#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/native/CPUBlas.h>

#include <cstring>
#include <type_traits>

#include "harness/model/kernels/attend_kernels.h"
#include "harness/model/kernels/attend_tiled.h"
#include "harness/model/kernels/row_avx512.h"
#include "harness/model/kernels/softmax_avx512.h"

// ATen/native/CPUBlas.h is an inner header of LibTorch: it is included here and nowhere else.
#if !defined(CPUBLAS_BRGEMM_BF16BF16F32) || !defined(CPUBLAS_BRGEMM_F32F32F32)
#error "this LibTorch has no brgemm for float32 and bfloat16"
#endif

namespace model {
namespace {

/// LibTorch's products of small matrices and an AVX-512 softmax. Keys lie transposed in blocks,
/// values in rows; in bfloat16 two neighbours of the summed dimension lie side by side (VNNI), as
/// the B operand of the products wants them.
template <typename T>
struct BrgemmTiles {
  using Stored = T;
  using Operand = T;
  static constexpr int64_t query_block = 128;
  static constexpr int64_t key_block = 512;
  // Each shape of a product is compiled once per thread, so that there must not be many.
  static constexpr int64_t query_step = 32;
  static constexpr int64_t key_step = 64;
  static constexpr int64_t pack = std::is_same_v<T, float> ? 1 : 2;

  static int64_t stored_dim(int64_t dim) { return dim; }
  static float to_float(T value) { return static_cast<float>(value); }

  static void rotate(const T* x, const float* cos, const float* sin, float sign, int64_t pairs,
                     int64_t dim, T* to) {
    avx512::rotate(bits(x), cos, sin, sign, pairs, dim, bits(to));
  }

  static void put_keys(const T* rows, int64_t count, int64_t dim, T* block, int64_t at) {
    for (int64_t word = 0; word < dim / pack; ++word) {
      for (int64_t i = 0; i < count; ++i) {
        std::memcpy(block + (word * key_block + at + i) * pack, rows + i * dim + word * pack,
                    sizeof(T) * pack);
      }
    }
  }

  static void put_value(const T* row, int64_t dim, T* block, int64_t at) {
    T* to = block + at / pack * dim * pack + at % pack;
    for (int64_t channel = 0; channel < dim; ++channel) {
      to[channel * pack] = row[channel];
    }
  }

  static void score(int64_t rows, int64_t from, int64_t width, int64_t dim, const T* query,
                    const T* keys, float* scores) {
    at::native::cpublas::brgemm(rows, width, dim, dim, key_block, key_block, /*add_C=*/false, query,
                                keys + from * pack, scores, pack > 1);
  }

  static float absorb(SoftmaxRow& row, const float* scores, T* weights, int64_t begin, int64_t end,
                      int64_t width) {
    return avx512::absorb(row, scores, bits(weights), begin, end, width);
  }

  static void mix(int64_t rows, int64_t from, int64_t width, int64_t dim, const T* weights,
                  const T* values, float* mixed) {
    at::native::cpublas::brgemm(rows, dim, width, key_block, dim, dim, /*add_C=*/true, weights,
                                values + from * dim, mixed, pack > 1);
  }

  static void multiply(float* x, float factor, int64_t count) {
    avx512::multiply(x, factor, count);
  }
  static void divide(const float* x, float by, int64_t count, T* to) {
    avx512::divide(x, by, count, bits(to));
  }
  static void release() { at::native::cpublas::brgemm_release(pack > 1); }

 private:
  using Bits = std::conditional_t<pack == 1, float, uint16_t>;  // of T, as AVX-512 takes them
  static const Bits* bits(const T* x) { return reinterpret_cast<const Bits*>(x); }
  static Bits* bits(T* x) { return reinterpret_cast<Bits*>(x); }
};

}  // namespace

bool brgemm_serves(at::ScalarType dtype, const AttentionShape& shape) {
  if (!at::globalContext().userEnabledMkldnn()) {
    return false;
  }
  if (dtype == at::kFloat) {
    return avx512::available();
  }
  return dtype == at::kBFloat16 && avx512::available_bfloat16() && shape.head_dim % 2 == 0;
}

std::unique_ptr<Attention> make_brgemm_attention(const AttentionShape& shape, const RowPlan& plan,
                                                 at::ScalarType dtype) {
  if (dtype == at::kFloat) {
    return std::make_unique<TiledAttention<BrgemmTiles<float>>>(shape, plan, dtype);
  }
  return std::make_unique<TiledAttention<BrgemmTiles<at::BFloat16>>>(shape, plan, dtype);
}

}  // namespace model
