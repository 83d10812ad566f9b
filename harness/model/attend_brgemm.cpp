#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "evals/document.h"
#include "harness/model/attend_kernels.h"
#include "harness/model/bands.h"
#include "harness/model/non_finite_rows.h"
#include "harness/model/row_avx512.h"
#include "harness/model/softmax_avx512.h"
#include "harness/model/work_items.h"

// ATen/native/CPUBlas.h is an inner header of LibTorch: it is included here and nowhere else.
#if !defined(CPUBLAS_BRGEMM_BF16BF16F32) || !defined(CPUBLAS_BRGEMM_F32F32F32)
#error "this LibTorch has no brgemm for float32 and bfloat16"
#endif

namespace model {
namespace {

constexpr int64_t query_block = 128;  // queries of a tile
constexpr int64_t key_block = 512;    // keys of a tile, and of a packed block
static_assert(evals::exact_fork % key_block == 0, "blocks of keys begin where branches do");
constexpr int64_t key_step = 64;    // tiles are cut to multiples of this many keys
constexpr int64_t query_step = 32;  // and padded to multiples of this many queries
// Each shape of a product is compiled once per thread, so that there must not be many.

/// Scratch of one thread.
template <typename T>
struct Scratch {
  std::vector<std::vector<T>> query;  // [rulers][query_block * head_dim], rotated
  std::vector<float> scores;          // [query_block, key_block]
  std::vector<T> weights;             // [query_block, key_block], bfloat16 only
  std::vector<float> mixed;           // [query_block, head_dim]
  std::vector<avx512::SoftmaxRow> rows;
};

/// Keys lie transposed in blocks of key_block, values in rows; in bfloat16 two neighbours of the
/// summed dimension lie side by side (VNNI), as the B operand of the products wants them.
template <typename T>
class BrgemmAttention : public Attention {
  static constexpr int64_t pack = std::is_same_v<T, float> ? 1 : 2;
  using Bits = std::conditional_t<pack == 1, float, uint16_t>;  // of T, as AVX-512 takes them

 public:
  BrgemmAttention(const AttentionShape& shape, const RowPlan& plan)
      : shape_(shape),
        plan_(plan),
        padded_((plan.rows() + key_block - 1) / key_block * key_block),
        keys_(plan.tables().size()),
        non_finite_(shape.kv_heads, plan.rows()) {
    const auto type = c10::CppTypeToScalarType<T>::value;
    const int64_t size = shape.kv_heads * padded_ * shape.head_dim;
    for (const scalings::View& view : plan.views()) {
      if (!keys_[view.key].defined()) {
        keys_[view.key] = at::empty({size}, type);
      }
    }
    value_ = at::empty({size}, type);
    // A weight of zero times whatever the memory held must be zero.
    for (int64_t head = 0; head < shape.kv_heads; ++head) {
      T* values = value_of(head);
      std::fill(values + plan.rows() / pack * pack * shape.head_dim,
                values + padded_ * shape.head_dim, T(0));
    }
  }

  void store(int64_t first_row, const at::Tensor& key, const at::Tensor& value) override {
    const int64_t rows = key.size(0);
    const at::Tensor plain_keys = key.contiguous();  // [rows, kv_heads, head_dim]
    for (size_t ruler = 0; ruler < keys_.size(); ++ruler) {
      if (!keys_[ruler].defined()) {
        continue;
      }
      for (int64_t head = 0; head < shape_.kv_heads; ++head) {
        store_keys(ruler, head, first_row, rows, plain_keys.const_data_ptr<T>());
      }
    }
    const at::Tensor plain_values = value.contiguous();
    non_finite_.forget(first_row, rows);
    for (int64_t head = 0; head < shape_.kv_heads; ++head) {
      store_values(head, first_row, rows, plain_values.const_data_ptr<T>());
    }
  }

  at::Tensor attend(std::span<const int64_t> rows, const at::Tensor& query) const override {
    const at::Tensor in = query.contiguous();  // [n, heads, head_dim]
    at::Tensor out = at::empty_like(in);
    run_attention_items(
        plan_, rows, shape_.heads, query_block, [&](const QueryBlock& block, int64_t head) {
          attend_block(block, head, in.const_data_ptr<T>(), out.mutable_data_ptr<T>());
        });
    return out;
  }

 private:
  /// Turned, then transposed from a strip of rows: writing one row at a time would touch a cache
  /// line for each word of it.
  void store_keys(int64_t ruler, int64_t head, int64_t first_row, int64_t rows, const T* from) {
    constexpr int64_t strip = 16;
    static_assert(key_block % strip == 0, "a strip lies in one block");
    const int64_t dim = shape_.head_dim;
    const int64_t words = dim / pack;
    const RotaryTable& table = plan_.tables()[ruler];
    const int64_t pairs = table.cos.size(1);
    std::vector<T> turned(strip * dim);
    for (int64_t row = 0; row < rows;) {
      const int64_t token = first_row + row;
      const int64_t count = std::min(strip - token % strip, rows - row);
      for (int64_t i = 0; i < count; ++i) {
        avx512::rotate(
            reinterpret_cast<const Bits*>(from + ((row + i) * shape_.kv_heads + head) * dim),
            table.cos.const_data_ptr<float>() + (token + i) * pairs,
            table.sin.const_data_ptr<float>() + (token + i) * pairs, 1, pairs, dim,
            reinterpret_cast<Bits*>(turned.data() + i * dim));
      }
      T* to = key_of(ruler, head) + token / key_block * key_block * dim + token % key_block * pack;
      for (int64_t word = 0; word < words; ++word) {
        for (int64_t i = 0; i < count; ++i) {
          std::memcpy(to + (word * key_block + i) * pack, turned.data() + i * dim + word * pack,
                      sizeof(T) * pack);
        }
      }
      row += count;
    }
  }

  void store_values(int64_t head, int64_t first_row, int64_t rows, const T* from) {
    const int64_t dim = shape_.head_dim;
    T* to = value_of(head);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t token = first_row + row;
      const T* channels = from + (row * shape_.kv_heads + head) * dim;
      T* place = to + token / pack * dim * pack + token % pack;
      bool is_finite = true;
      for (int64_t channel = 0; channel < dim; ++channel) {
        is_finite &= std::isfinite(static_cast<float>(channels[channel]));
        place[channel * pack] = channels[channel];
      }
      if (!is_finite) {
        non_finite_.mark(head, token);
        for (int64_t channel = 0; channel < dim; ++channel) {
          place[channel * pack] = T(0);
        }
      }
    }
  }

  T* key_of(int64_t ruler, int64_t head) const {
    return static_cast<T*>(keys_[ruler].data_ptr()) + head * padded_ * shape_.head_dim;
  }
  T* value_of(int64_t head) const {
    return static_cast<T*>(value_.data_ptr()) + head * padded_ * shape_.head_dim;
  }

  void attend_block(const QueryBlock& block, int64_t head, const T* in, T* out) const {
    thread_local Scratch<T> scratch;
    const int64_t dim = shape_.head_dim;
    const int64_t queries = static_cast<int64_t>(block.rows.size());
    const int64_t padded = (queries + query_step - 1) / query_step * query_step;
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    begin(scratch, block, padded);
    for (const Band& band : block.bands) {
      const scalings::View& view = plan_.views()[band.view];
      std::vector<T>& query = scratch.query[view.query];
      if (query.empty()) {
        query = turned(block, head, in, view.query, padded);
      }
      for (int64_t first = band.begin / key_block * key_block; first < band.end;
           first += key_block) {
        const T* keys = key_of(view.key, kv_head) + first * dim;
        attend_tile(scratch, band, first, queries, padded, query.data(), keys,
                    value_of(kv_head) + first * dim);
      }
    }
    at::native::cpublas::brgemm_release(pack > 1);
    for (int64_t query = 0; query < queries; ++query) {
      const float* mixed = scratch.mixed.data() + query * dim;
      const float sum = non_finite_.attended(kv_head, block.bands, query)
                            ? std::numeric_limits<float>::quiet_NaN()
                            : scratch.rows[query].sum;
      T* to = out + ((block.first + query) * shape_.heads + head) * dim;
      avx512::divide(mixed, sum, dim, reinterpret_cast<Bits*>(to));
    }
  }

  void begin(Scratch<T>& scratch, const QueryBlock& block, int64_t padded) const {
    scratch.query.assign(keys_.size(), {});
    scratch.scores.resize(query_block * key_block);
    scratch.weights.resize(pack > 1 ? query_block * key_block : 0);
    scratch.mixed.assign(padded * shape_.head_dim, 0);
    scratch.rows.assign(block.rows.size(), {});
    for (size_t query = 0; query < block.rows.size(); ++query) {
      const double gain = std::abs(plan_.gain(block.rows[query]));  // its sign turns the query
      scratch.rows[query].scale = static_cast<float>(
          gain * std::log2(std::exp(1.0)) / std::sqrt(static_cast<double>(shape_.head_dim)));
      scratch.rows[query].largest = std::numeric_limits<float>::lowest();
    }
  }

  /// The block's queries of one head on one ruler, [padded, head_dim].
  std::vector<T> turned(const QueryBlock& block, int64_t head, const T* in, int64_t ruler,
                        int64_t padded) const {
    const RotaryTable& table = plan_.tables()[ruler];
    const int64_t pairs = table.cos.size(1);
    const int64_t dim = shape_.head_dim;
    std::vector<T> query(padded * dim, T(0));
    for (size_t index = 0; index < block.rows.size(); ++index) {
      const int64_t row = block.rows[index];
      const T* from =
          in + ((block.first + static_cast<int64_t>(index)) * shape_.heads + head) * dim;
      avx512::rotate(
          reinterpret_cast<const Bits*>(from), table.cos.const_data_ptr<float>() + row * pairs,
          table.sin.const_data_ptr<float>() + row * pairs, plan_.gain(row) < 0 ? -1.0f : 1.0f,
          pairs, dim, reinterpret_cast<Bits*>(query.data() + index * dim));
    }
    return query;
  }

  /// One tile: queries of the block times keys [first, first + key_block) as far as the band goes.
  void attend_tile(Scratch<T>& scratch, const Band& band, int64_t first, int64_t queries,
                   int64_t padded, const T* query, const T* keys, const T* values) const {
    const int64_t dim = shape_.head_dim;
    int64_t from = key_block, to = 0;
    for (int64_t index = 0; index < queries; ++index) {
      const int64_t begin = std::max<int64_t>(band.begins[index] - first, 0);
      const int64_t end = std::min(band.ends[index] - first, key_block);
      if (begin < end) {
        from = std::min(from, begin);
        to = std::max(to, end);
      }
    }
    if (from >= to) {
      return;
    }
    from = from / key_step * key_step;
    const int64_t width = (to - from + key_step - 1) / key_step * key_step;
    float* scores = scratch.scores.data();
    at::native::cpublas::brgemm(padded, width, dim, dim, key_block, key_block, /*add_C=*/false,
                                query, keys + from * pack, scores, pack > 1);
    T* weights;
    if constexpr (pack == 1) {
      weights = scores;
    } else {
      weights = scratch.weights.data();
    }
    for (int64_t index = 0; index < queries; ++index) {
      const int64_t begin = std::max<int64_t>(band.begins[index] - first - from, 0);
      const int64_t end = std::min(band.ends[index] - first - from, width);
      const float shrink =
          avx512::absorb(scratch.rows[index], scores + index * key_block,
                         reinterpret_cast<Bits*>(weights) + index * key_block, begin, end, width);
      if (shrink != 1) {
        avx512::multiply(scratch.mixed.data() + index * dim, shrink, dim);
      }
    }
    at::native::cpublas::brgemm(padded, dim, width, key_block, dim, dim, /*add_C=*/true, weights,
                                values + from * dim, scratch.mixed.data(), pack > 1);
  }

  const AttentionShape shape_;
  const RowPlan& plan_;
  const int64_t padded_;          // rows, up to a whole key block
  std::vector<at::Tensor> keys_;  // [rulers][kv_heads][blocks][head_dim / pack][key_block][pack]
  at::Tensor value_;              // [kv_heads][padded / pack][head_dim][pack]
  NonFiniteRows non_finite_;      // of the values
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
    return std::make_unique<BrgemmAttention<float>>(shape, plan);
  }
  return std::make_unique<BrgemmAttention<at::BFloat16>>(shape, plan);
}

}  // namespace model
