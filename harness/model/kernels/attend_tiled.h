#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "evals/document.h"
#include "harness/model/kernels/attend.h"
#include "harness/model/kernels/bands.h"
#include "harness/model/kernels/non_finite_rows.h"
#include "harness/model/kernels/softmax_row.h"
#include "harness/model/kernels/work_items.h"

namespace model {

/// Attention in tiles of (query block x key block): score, absorb into the softmax, mix. Queries of
/// a block are rotated once per ruler, keys once per ruler when they are stored, in whatever layout
/// `Tiles` reads fastest. Tiles is stateless:
///
///   Stored                            a stored key or value, bit-compatible with `dtype`
///   Operand                           a rotated query, and a weight
///   query_block, key_block            sizes of a tile
///   query_step, key_step              tiles are padded and cut to multiples of these
///   stored_dim(dim)                   channels of a stored value, >= dim
///   rotate(x, cos, sin, sign, pairs, dim, to)  one row, to Stored or to Operand
///   put_keys(rows, count, dim, block, at)      rotated rows into a key block, from row `at` on
///   put_value(row, dim, block, at)             one row into a value block
///   score(rows, from, width, dim, query, key_block, scores)
///         scores[rows, width] = query[rows, dim] * keys [from, from + width) of the block
///   absorb(row, scores, weights, begin, end, width)    see softmax_row.h
///   mix(rows, from, width, dim, weights, value_block, mixed)
///         mixed[rows, stored_dim] += weights[rows, width] * values [from, from + width)
///   multiply(x, factor, count), divide(x, by, count, to)   one row
///   release()                         after a block of queries
///
/// Rows of scores and weights are key_block apart.
template <typename Tiles>
class TiledAttention : public Attention {
  using Stored = typename Tiles::Stored;
  using Operand = typename Tiles::Operand;
  static constexpr int64_t key_block = Tiles::key_block;
  static_assert(evals::exact_fork % key_block == 0, "blocks of keys begin where branches do");
  static_assert(key_block % Tiles::key_step == 0 && Tiles::query_block % Tiles::query_step == 0);

 public:
  TiledAttention(const AttentionShape& shape, const RowPlan& plan, at::ScalarType dtype)
      : shape_(shape),
        plan_(plan),
        padded_((plan.rows() + key_block - 1) / key_block * key_block),
        value_dim_(Tiles::stored_dim(shape.head_dim)),
        keys_(plan.tables().size()),
        non_finite_(shape.kv_heads, plan.rows()) {
    TORCH_INTERNAL_ASSERT(c10::elementSize(dtype) == sizeof(Stored));
    for (const scalings::View& view : plan.views()) {
      if (!keys_[view.key].defined()) {
        keys_[view.key] = at::empty({shape.kv_heads * padded_ * shape.head_dim}, dtype);
      }
    }
    // A weight of zero times whatever the memory held must be zero.
    value_ = at::zeros({shape.kv_heads * padded_ * value_dim_}, dtype);
  }

  void store(int64_t first_row, const at::Tensor& key, const at::Tensor& value) override {
    const int64_t rows = key.size(0);
    const at::Tensor plain_keys = key.contiguous();  // [rows, kv_heads, head_dim]
    const at::Tensor plain_values = value.contiguous();
    non_finite_.forget(first_row, rows);
    for (int64_t head = 0; head < shape_.kv_heads; ++head) {
      for (size_t ruler = 0; ruler < keys_.size(); ++ruler) {
        if (keys_[ruler].defined()) {
          store_keys(ruler, head, first_row, rows, elements(plain_keys));
        }
      }
      store_values(head, first_row, rows, elements(plain_values));
    }
  }

  at::Tensor attend(std::span<const int64_t> rows, const at::Tensor& query) const override {
    const at::Tensor in = query.contiguous();  // [n, heads, head_dim]
    at::Tensor out = at::empty_like(in);
    run_attention_items(plan_, rows, shape_.heads, Tiles::query_block,
                        [&](const QueryBlock& block, int64_t head) {
                          attend_block(block, head, elements(in), elements(out));
                        });
    return out;
  }

 private:
  /// Scratch of one thread.
  struct Scratch {
    std::vector<std::vector<Operand>> query;  // [rulers][query_block * head_dim], rotated
    std::vector<float> scores;                // [query_block, key_block]
    std::vector<Operand> weights;             // the same, where they do not fit over the scores
    std::vector<float> mixed;                 // [query_block, value_dim]
    std::vector<SoftmaxRow> rows;
  };

  static Stored* elements(const at::Tensor& tensor) {
    return static_cast<Stored*>(tensor.data_ptr());
  }

  /// The block that holds a row's keys, or values.
  Stored* keys_of(int64_t ruler, int64_t head, int64_t row) const {
    return elements(keys_[ruler]) +
           (head * padded_ + row / key_block * key_block) * shape_.head_dim;
  }
  Stored* values_of(int64_t head, int64_t row) const {
    return elements(value_) + (head * padded_ + row / key_block * key_block) * value_dim_;
  }

  /// Turned, then put in strips of rows: writing one row at a time into a transposed block would
  /// touch a cache line for each word of it.
  void store_keys(int64_t ruler, int64_t head, int64_t first_row, int64_t rows,
                  const Stored* from) {
    constexpr int64_t strip = 16;
    static_assert(key_block % strip == 0, "a strip lies in one block");
    const int64_t dim = shape_.head_dim;
    std::vector<Stored> turned(strip * dim);
    for (int64_t row = 0; row < rows;) {
      const int64_t token = first_row + row;
      const int64_t count = std::min(strip - token % strip, rows - row);
      for (int64_t i = 0; i < count; ++i) {
        turn(ruler, token + i, from + ((row + i) * shape_.kv_heads + head) * dim, 1,
             turned.data() + i * dim);
      }
      Tiles::put_keys(turned.data(), count, dim, keys_of(ruler, head, token), token % key_block);
      row += count;
    }
  }

  void store_values(int64_t head, int64_t first_row, int64_t rows, const Stored* from) {
    const int64_t dim = shape_.head_dim;
    const std::vector<Stored> zeros(dim, Stored{});
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t token = first_row + row;
      const Stored* channels = from + (row * shape_.kv_heads + head) * dim;
      const bool is_finite = std::all_of(channels, channels + dim, [](Stored channel) {
        return std::isfinite(Tiles::to_float(channel));
      });
      if (!is_finite) {
        non_finite_.mark(head, token);
        channels = zeros.data();
      }
      Tiles::put_value(channels, dim, values_of(head, token), token % key_block);
    }
  }

  template <typename To>
  void turn(int64_t ruler, int64_t row, const Stored* from, float sign, To* to) const {
    const RotaryTable& table = plan_.tables()[ruler];
    const int64_t pairs = table.cos.size(1);
    Tiles::rotate(from, table.cos.template const_data_ptr<float>() + row * pairs,
                  table.sin.template const_data_ptr<float>() + row * pairs, sign, pairs,
                  shape_.head_dim, to);
  }

  void attend_block(const QueryBlock& block, int64_t head, const Stored* in, Stored* out) const {
    thread_local Scratch scratch;
    const int64_t queries = static_cast<int64_t>(block.rows.size());
    const int64_t padded =
        (queries + Tiles::query_step - 1) / Tiles::query_step * Tiles::query_step;
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    begin(scratch, block, padded);
    for (const Band& band : block.bands) {
      const scalings::View& view = plan_.views()[band.view];
      std::vector<Operand>& query = scratch.query[view.query];
      if (query.empty()) {
        query = turned(block, head, in, view.query, padded);
      }
      for (int64_t first = band.begin / key_block * key_block; first < band.end;
           first += key_block) {
        attend_tile(scratch, band, first, queries, padded, query.data(),
                    keys_of(view.key, kv_head, first), values_of(kv_head, first));
      }
    }
    Tiles::release();
    for (int64_t query = 0; query < queries; ++query) {
      const float sum = non_finite_.attended(kv_head, block.bands, query)
                            ? std::numeric_limits<float>::quiet_NaN()
                            : scratch.rows[query].sum;
      Tiles::divide(scratch.mixed.data() + query * value_dim_, sum, shape_.head_dim,
                    out + ((block.first + query) * shape_.heads + head) * shape_.head_dim);
    }
  }

  void begin(Scratch& scratch, const QueryBlock& block, int64_t padded) const {
    scratch.query.assign(keys_.size(), {});
    scratch.scores.resize(Tiles::query_block * key_block);
    if constexpr (!std::is_same_v<Operand, float>) {
      scratch.weights.resize(Tiles::query_block * key_block);
    }
    scratch.mixed.assign(padded * value_dim_, 0);
    scratch.rows.assign(block.rows.size(), {});
    for (size_t query = 0; query < block.rows.size(); ++query) {
      const double gain = std::abs(plan_.gain(block.rows[query]));  // its sign turns the query
      scratch.rows[query].scale = static_cast<float>(
          gain * std::log2(std::exp(1.0)) / std::sqrt(static_cast<double>(shape_.head_dim)));
      scratch.rows[query].largest = std::numeric_limits<float>::lowest();
    }
  }

  /// The block's queries of one head on one ruler, [padded, head_dim].
  std::vector<Operand> turned(const QueryBlock& block, int64_t head, const Stored* in,
                              int64_t ruler, int64_t padded) const {
    const int64_t dim = shape_.head_dim;
    std::vector<Operand> query(padded * dim, Operand{});
    for (size_t index = 0; index < block.rows.size(); ++index) {
      const int64_t row = block.rows[index];
      const int64_t place = block.first + static_cast<int64_t>(index);
      turn(ruler, row, in + (place * shape_.heads + head) * dim, plan_.gain(row) < 0 ? -1.0f : 1.0f,
           query.data() + index * dim);
    }
    return query;
  }

  /// One tile: queries of the block times keys [first, first + key_block) as far as the band goes.
  void attend_tile(Scratch& scratch, const Band& band, int64_t first, int64_t queries,
                   int64_t padded, const Operand* query, const Stored* keys,
                   const Stored* values) const {
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
    from = from / Tiles::key_step * Tiles::key_step;
    const int64_t width = (to - from + Tiles::key_step - 1) / Tiles::key_step * Tiles::key_step;
    float* scores = scratch.scores.data();
    Tiles::score(padded, from, width, shape_.head_dim, query, keys, scores);
    Operand* weights;
    if constexpr (std::is_same_v<Operand, float>) {
      weights = scores;
    } else {
      weights = scratch.weights.data();
    }
    for (int64_t index = 0; index < queries; ++index) {
      const int64_t begin = std::max<int64_t>(band.begins[index] - first - from, 0);
      const int64_t end = std::min(band.ends[index] - first - from, width);
      const float shrink = Tiles::absorb(scratch.rows[index], scores + index * key_block,
                                         weights + index * key_block, begin, end, width);
      if (shrink != 1) {
        Tiles::multiply(scratch.mixed.data() + index * value_dim_, shrink, value_dim_);
      }
    }
    Tiles::mix(padded, from, width, shape_.head_dim, weights, values, scratch.mixed.data());
  }

  const AttentionShape shape_;
  const RowPlan& plan_;
  const int64_t padded_;          // rows, up to a whole key block
  const int64_t value_dim_;       // channels of a stored value
  std::vector<at::Tensor> keys_;  // [rulers] x [kv_heads][blocks][key_block * head_dim]
  at::Tensor value_;              // [kv_heads][blocks][key_block * value_dim]
  NonFiniteRows non_finite_;      // of the values
};

}  // namespace model
