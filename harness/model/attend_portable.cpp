#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/model/attend_kernels.h"
#include "harness/model/bands.h"
#include "harness/model/non_finite_rows.h"
#include "harness/model/work_items.h"

namespace model {
namespace {

constexpr int64_t query_block = 128;
constexpr int64_t key_block = 512;

class PortableAttention : public Attention {
 public:
  PortableAttention(const AttentionShape& shape, const RowPlan& plan, at::ScalarType dtype)
      : shape_(shape),
        plan_(plan),
        keys_(plan.tables().size()),
        non_finite_(shape.kv_heads, plan.rows()) {
    const std::vector<int64_t> sizes = {shape.kv_heads, plan.rows(), shape.head_dim};
    value_ = at::empty(sizes, dtype);
    for (const scalings::View& view : plan.views()) {
      if (!keys_[view.key].defined()) {
        keys_[view.key] = at::empty(sizes, dtype);
      }
    }
  }

  void store(int64_t first_row, const at::Tensor& key, const at::Tensor& value) override {
    const int64_t rows = key.size(0);
    for (size_t ruler = 0; ruler < keys_.size(); ++ruler) {
      if (keys_[ruler].defined()) {
        const RotaryTable& table = plan_.tables()[ruler];
        keys_[ruler]
            .narrow(1, first_row, rows)
            .copy_(rotate(key, {table.cos.narrow(0, first_row, rows),
                                table.sin.narrow(0, first_row, rows)})
                       .transpose(0, 1));
      }
    }
    const at::Tensor is_finite = value.isfinite().all(2);  // [rows, kv_heads]
    value_.narrow(1, first_row, rows)
        .copy_(value.masked_fill(is_finite.logical_not().unsqueeze(2), 0).transpose(0, 1));
    non_finite_.forget(first_row, rows);
    const at::Tensor broken = is_finite.logical_not().nonzero().contiguous();  // [count, 2]
    for (int64_t index = 0; index < broken.size(0); ++index) {
      const int64_t* place = broken.const_data_ptr<int64_t>() + 2 * index;
      non_finite_.mark(place[1], first_row + place[0]);
    }
  }

  at::Tensor attend(std::span<const int64_t> rows, const at::Tensor& query) const override {
    at::Tensor out = at::empty_like(query);  // [n, heads, head_dim]
    run_attention_items(
        plan_, rows, shape_.heads, query_block,
        [&](const QueryBlock& block, int64_t head) { attend_block(block, head, query, out); });
    return out;
  }

 private:
  void attend_block(const QueryBlock& block, int64_t head, const at::Tensor& query,
                    at::Tensor& out) const {
    const int64_t queries = static_cast<int64_t>(block.rows.size());
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    const auto longs = at::TensorOptions().dtype(at::kLong);
    const at::Tensor row_index =
        at::from_blob(const_cast<int64_t*>(block.rows.data()), {queries}, longs);
    at::Tensor scale = at::empty({queries, 1}, at::kFloat);
    for (int64_t i = 0; i < queries; ++i) {
      scale.mutable_data_ptr<float>()[i] = static_cast<float>(
          plan_.gain(block.rows[i]) / std::sqrt(static_cast<double>(shape_.head_dim)));
    }
    const at::Tensor raw = query.narrow(0, block.first, queries).narrow(1, head, 1);
    at::Tensor sum = at::zeros({queries, 1}, at::kFloat);
    at::Tensor largest = at::full_like(sum, -std::numeric_limits<float>::infinity());
    at::Tensor mixed = at::zeros({queries, shape_.head_dim}, at::kFloat);
    for (const Band& band : block.bands) {
      const scalings::View& view = plan_.views()[band.view];
      const RotaryTable& table = plan_.tables()[view.query];
      const at::Tensor turned =
          rotate(raw, {table.cos.index_select(0, row_index), table.sin.index_select(0, row_index)})
              .squeeze(1)
              .to(at::kFloat);  // [queries, head_dim]
      const at::Tensor begins =
          at::from_blob(const_cast<int64_t*>(band.begins.data()), {queries, 1}, longs);
      const at::Tensor ends =
          at::from_blob(const_cast<int64_t*>(band.ends.data()), {queries, 1}, longs);
      for (int64_t first = band.begin; first < band.end; first += key_block) {
        const int64_t keys = std::min(key_block, band.end - first);
        const at::Tensor key = keys_[view.key][kv_head].narrow(0, first, keys).to(at::kFloat);
        const at::Tensor value = value_[kv_head].narrow(0, first, keys).to(at::kFloat);
        const at::Tensor column = at::arange(first, first + keys, longs);  // [keys]
        at::Tensor logits = at::mm(turned, key.t()) * scale;               // [queries, keys]
        logits.masked_fill_((column < begins).logical_or(column >= ends),
                            -std::numeric_limits<float>::infinity());
        const at::Tensor next = at::maximum(largest, logits.amax(1, /*keepdim=*/true));
        // A query that has seen no key yet has no maximum; any finite one serves.
        const at::Tensor finite = at::where(next.isneginf(), 0.0f, next);
        const at::Tensor weight = (logits - finite).exp();
        const at::Tensor shrink = (largest - finite).exp();
        sum = sum * shrink + weight.sum(1, /*keepdim=*/true);
        mixed = mixed * shrink + at::mm(weight, value);
        largest = next;
      }
    }
    for (int64_t i = 0; i < queries; ++i) {
      if (non_finite_.attended(kv_head, block.bands, i)) {
        mixed[i] = std::numeric_limits<float>::quiet_NaN();
      }
    }
    out.narrow(0, block.first, queries).select(1, head).copy_(mixed / sum);
  }

  const AttentionShape shape_;
  const RowPlan& plan_;
  std::vector<at::Tensor> keys_;  // [rulers] x [kv_heads, rows, head_dim], rotated
  at::Tensor value_;              // [kv_heads, rows, head_dim]
  NonFiniteRows non_finite_;      // of the values
};

}  // namespace

std::unique_ptr<Attention> make_portable_attention(const AttentionShape& shape, const RowPlan& plan,
                                                   at::ScalarType dtype) {
  return std::make_unique<PortableAttention>(shape, plan, dtype);
}

}  // namespace model
