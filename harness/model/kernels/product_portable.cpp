#include "harness/model/kernels/product_portable.h"

#include <cstring>

namespace model::portable {
namespace {

constexpr int64_t lanes = 8;
constexpr int64_t tile_rows = 6;  // 6 x 16 sums fill 12 of the 16 vector registers of AVX2
static_assert(panel == 2 * lanes);
using Vector = float __attribute__((vector_size(lanes * sizeof(float))));

[[gnu::always_inline]] inline void get(const float* from, Vector& to) {
  std::memcpy(&to, from, sizeof(to));
}
[[gnu::always_inline]] inline void put(float* to, const Vector& from) {
  std::memcpy(to, &from, sizeof(from));
}

/// `rows` rows of one panel of c.
template <int rows>
[[gnu::always_inline]] inline void multiply_tile(const Product& it, const float* a, const float* b,
                                                 float* c) {
  Vector sums[rows][2] = {};
  if (it.add) {
    for (int row = 0; row < rows; ++row) {
      get(c + row * it.c_stride, sums[row][0]);
      get(c + row * it.c_stride + lanes, sums[row][1]);
    }
  }
  for (int64_t k = 0; k < it.depth; ++k) {
    Vector low, high;
    get(b + k * panel, low);
    get(b + k * panel + lanes, high);
    for (int row = 0; row < rows; ++row) {
      const float factor = a[row * it.a_stride + k];
      sums[row][0] += factor * low;
      sums[row][1] += factor * high;
    }
  }
  for (int row = 0; row < rows; ++row) {
    put(c + row * it.c_stride, sums[row][0]);
    put(c + row * it.c_stride + lanes, sums[row][1]);
  }
}

template <int rows>
[[gnu::always_inline]] inline void multiply_rows(const Product& it, int64_t row) {
  for (int64_t column = 0; column < it.columns; column += panel) {
    multiply_tile<rows>(it, it.a + row * it.a_stride, it.b + column / panel * it.panel_stride,
                        it.c + row * it.c_stride + column);
  }
}

}  // namespace

[[gnu::target_clones("arch=x86-64-v3", "default")]] void multiply(const Product& product) {
  int64_t row = 0;
  for (; row + tile_rows <= product.rows; row += tile_rows) {
    multiply_rows<tile_rows>(product, row);
  }
  for (; row < product.rows; ++row) {
    multiply_rows<1>(product, row);
  }
}

}  // namespace model::portable
