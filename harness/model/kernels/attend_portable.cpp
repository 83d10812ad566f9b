#include <ATen/ATen.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "harness/model/kernels/attend_kernels.h"
#include "harness/model/kernels/attend_tiled.h"
#include "harness/model/kernels/product_portable.h"
#include "harness/model/kernels/row_portable.h"
#include "harness/model/kernels/softmax_portable.h"

namespace model {
namespace {

/// Products and softmax of our own, in float32. Keys lie transposed in panels of 16 keys, values in
/// panels of 16 channels. What is stored as bfloat16 is widened a tile at a time: that costs 1 / 64
/// of the tile's multiplications, and the key-value store stays as small as it is.
template <typename T>
struct PortableTiles {
  using Stored = T;
  using Operand = float;
  static constexpr int64_t query_block = 126;
  static constexpr int64_t query_step = 6;  // rows of a tile of the product
  static constexpr int64_t key_block = 512;
  static constexpr int64_t key_step = portable::panel;
  static constexpr int64_t panel = portable::panel;

  static int64_t stored_dim(int64_t dim) { return (dim + panel - 1) / panel * panel; }
  static float to_float(T value) { return load(value); }

  template <typename To>
  static void rotate(const T* x, const float* cos, const float* sin, float sign, int64_t pairs,
                     int64_t dim, To* to) {
    portable::rotate(x, cos, sin, sign, pairs, dim, to);
  }

  static void put_keys(const T* rows, int64_t count, int64_t dim, T* block, int64_t at) {
    for (int64_t i = 0; i < count; ++i) {
      T* to = block + (at + i) / panel * panel * dim + (at + i) % panel;
      for (int64_t channel = 0; channel < dim; ++channel) {
        to[channel * panel] = rows[i * dim + channel];
      }
    }
  }

  static void put_value(const T* row, int64_t dim, T* block, int64_t at) {
    for (int64_t first = 0; first < dim; first += panel) {
      std::copy(row + first, row + std::min(first + panel, dim),
                block + (first * key_block + at * panel));
    }
  }

  static void score(int64_t rows, int64_t from, int64_t width, int64_t dim, const float* query,
                    const T* keys, float* scores) {
    portable::multiply({.rows = rows,
                        .columns = width,
                        .depth = dim,
                        .a = query,
                        .a_stride = dim,
                        .b = wide(keys + from * dim, width * dim, width * dim, 1),
                        .panel_stride = panel * dim,
                        .c = scores,
                        .c_stride = key_block,
                        .add = false});
  }

  static float absorb(SoftmaxRow& row, float* scores, float*, int64_t begin, int64_t end,
                      int64_t width) {
    return portable::absorb(row, scores, begin, end, width);
  }

  static void mix(int64_t rows, int64_t from, int64_t width, int64_t dim, const float* weights,
                  const T* values, float* mixed) {
    const int64_t columns = stored_dim(dim);
    portable::multiply(
        {.rows = rows,
         .columns = columns,
         .depth = width,
         .a = weights,
         .a_stride = key_block,
         .b = wide(values + from * panel, width * panel, key_block * panel, columns / panel),
         .panel_stride = std::is_same_v<T, float> ? key_block * panel : width * panel,
         .c = mixed,
         .c_stride = columns,
         .add = true});
  }

  static void multiply(float* x, float factor, int64_t count) {
    portable::multiply(x, factor, count);
  }
  static void divide(const float* x, float by, int64_t count, T* to) {
    portable::divide(x, by, count, to);
  }
  static void release() {}

 private:
  /// `runs` runs of `count` numbers, `stride` apart, as they are if they are float32, or one behind
  /// the other in this thread's scratch.
  static const float* wide(const float* x, int64_t, int64_t, int64_t) { return x; }
  static const float* wide(const bf16* x, int64_t count, int64_t stride, int64_t runs) {
    thread_local std::vector<float> widened;
    widened.resize(std::max<size_t>(widened.size(), count * runs));
    for (int64_t run = 0; run < runs; ++run) {
      portable::widen(x + run * stride, count, widened.data() + run * count);
    }
    return widened.data();
  }
};

}  // namespace

std::unique_ptr<Attention> make_portable_attention(const AttentionShape& shape, const RowPlan& plan,
                                                   at::ScalarType dtype) {
  if (dtype == at::kFloat) {
    return std::make_unique<TiledAttention<PortableTiles<float>>>(shape, plan, dtype);
  }
  return std::make_unique<TiledAttention<PortableTiles<bf16>>>(shape, plan, dtype);
}

}  // namespace model
