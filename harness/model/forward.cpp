#include "harness/model/forward.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "harness/checkpoint/convert.h"
#include "harness/model/kernels/llama_ops.h"
#include "harness/model/kernels/parallel.h"
#include "harness/model/kernels/row_plan.h"
#include "harness/model/layer_weights.h"

namespace model {
namespace {

int64_t blocks_of(int64_t rows) { return (rows + row_block - 1) / row_block; }

/// Rows that the last layer must still answer: those that the head reads.
std::vector<int64_t> rows_read(const DocumentRows& rows) {
  std::vector<int64_t> read = rows.read;
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  return read;
}

at::Tensor index_tensor(std::span<const int64_t> rows) {
  return at::tensor(c10::IntArrayRef(rows.data(), rows.size()), at::kLong);
}

/// The forward of one group of paths; x_ is its residual stream.
class Forward {
 public:
  Forward(const checkpoint::Weights& weights, const DocumentRows& rows,
          const evals::Document& document, PathPlans& plans, at::ScalarType dtype, Kernel kernel)
      : weights_(weights),
        spec_(weights.spec()),
        rows_(rows),
        document_(document),
        plans_(plans),
        dtype_(dtype),
        kernel_(kernel),
        busy_(busy_rows(rows)),
        read_(rows_read(rows)) {}

  at::Tensor run(const ForwardHooks& hooks) {
    for (int64_t layer = begin(hooks); layer < spec_.layers;) {
      load_layer(weights_, layer, dtype_, loaded_);
      use_plans_of(layer);
      store_keys(loaded_);
      const std::vector<int64_t>& wanted = rows_updated(layer);
      const int64_t count = static_cast<int64_t>(wanted.size());
      for (int64_t first = 0; first < count; first += row_chunk) {
        const auto chunk = std::span(wanted).subspan(first, std::min(row_chunk, count - first));
        update(loaded_, chunk);
        hooks.advance(static_cast<int64_t>(chunk.size()));
      }
      ++layer;
      if (hooks.snapshots) hooks.snapshots->offer(hooks.name, layer, state());
    }
    release_layer_buffers();
    return read_hidden();
  }

 private:
  /// Final norm of the rows that the head reads -> [read, hidden]
  at::Tensor read_hidden() const {
    const at::Tensor norm = borrow(weights_.tensor(checkpoint::Role::final_norm)).to(at::kFloat);
    const int64_t count = static_cast<int64_t>(rows_.read.size());
    at::Tensor hidden = at::empty({count, spec_.hidden}, at::kFloat);
    for (int64_t first = 0; first < count; first += row_chunk) {
      const auto chunk = std::span(rows_.read).subspan(first, std::min(row_chunk, count - first));
      hidden.narrow(0, first, static_cast<int64_t>(chunk.size()))
          .copy_(rms_norm(x_.index_select(0, index_tensor(chunk)), norm, spec_.rms_norm_eps,
                          at::kFloat));
    }
    return hidden;
  }

  /// Rows whose residual stream a layer must still answer for.
  const std::vector<int64_t>& rows_updated(int64_t layer) const {
    return layer + 1 == spec_.layers ? read_ : busy_;
  }

  /// All that one layer hands to the next.
  std::span<std::byte> state() const {
    return std::as_writable_bytes(
        std::span(x_.mutable_data_ptr<float>(), static_cast<size_t>(x_.numel())));
  }

  /// Fills the residual stream and returns the layer that comes next.
  int64_t begin(const ForwardHooks& hooks) {
    const int64_t count = static_cast<int64_t>(rows_.tokens.size());
    x_ = at::zeros({blocks_of(count) * row_block, spec_.hidden}, at::kFloat);  // [padded, hidden]
    const auto next = hooks.snapshots ? hooks.snapshots->load(hooks.name, state()) : std::nullopt;
    if (!next) {
      embed();
      return 0;
    }
    int64_t saved = 0;
    for (int64_t layer = 0; layer < *next; ++layer) {
      saved += static_cast<int64_t>(rows_updated(layer).size());
    }
    hooks.restored(saved);
    return *next;
  }

  void embed() {
    const int64_t count = static_cast<int64_t>(rows_.tokens.size());
    const auto hidden = static_cast<size_t>(spec_.hidden);
    const std::span<float> stream(x_.mutable_data_ptr<float>(), static_cast<size_t>(x_.numel()));
    run_queue(blocks_of(count), [&](int64_t block) {
      const int64_t end = std::min((block + 1) * row_block, count);
      for (int64_t row = block * row_block; row < end; ++row) {
        const auto view = weights_.rows(checkpoint::Role::embedding, 0, rows_.tokens[row], 1);
        checkpoint::to_float(view.dtype, view.bytes, stream.subspan(row * hidden, hidden));
      }
    });
  }

  void release_layer_buffers() {
    loaded_ = {};
    attention_.reset();
    row_plan_.reset();
    stream_.reset();
    query_.reset();
  }

  /// Builds the row plan of a layer and room for its keys, unless all its plans are those of the
  /// layer before: then its keys take their places.
  void use_plans_of(int64_t layer) {
    std::vector<Path> paths;
    int64_t trunk_length = static_cast<int64_t>(document_.trunk.size());
    if (!rows_.scores_trunk) {  // any path that forks last from the trunk knows all of its rows
      const auto last = std::max_element(
          rows_.parts.begin(), rows_.parts.end(),
          [](const auto& left, const auto& right) { return left.fork < right.fork; });
      trunk_length = document_.branches[last->branch].length();
    }
    std::vector<std::shared_ptr<const scalings::RotaryPlan>> held;
    held.push_back(plans_.of_length(trunk_length)[layer]);
    paths.push_back({0, 0, rows_.trunk_rows, held.back().get()});
    for (const DocumentRows::Part& part : rows_.parts) {
      held.push_back(plans_.of_length(document_.branches[part.branch].length())[layer]);
      paths.push_back({part.fork, part.first_row, part.rows, held.back().get()});
    }
    if (held != held_plans_) {
      attention_.reset();  // before their successors: two sets of tables and keys need not exist
      row_plan_.reset();
      row_plan_ = std::make_unique<const RowPlan>(std::move(paths), spec_.sliding_window);
      attention_ = make_attention({spec_.heads, spec_.kv_heads, spec_.head_dim}, *row_plan_, dtype_,
                                  kernel_);
      held_plans_ = std::move(held);
    }
  }

  void store_keys(const LayerWeights& layer) {
    const int64_t rows = static_cast<int64_t>(rows_.tokens.size());
    run_queue(blocks_of(rows), [&](int64_t block) {
      const int64_t first = block * row_block;
      const int64_t kept = std::min(row_block, rows - first);
      const at::Tensor normed =
          rms_norm(x_.narrow(0, first, row_block), layer.input_norm, spec_.rms_norm_eps,
                   dtype_);  // [row_block, hidden]
      const auto heads = [&](const at::Tensor& weight, const at::Tensor& bias) {
        return linear(normed, weight, bias)
            .narrow(0, 0, kept)
            .view({kept, spec_.kv_heads, spec_.head_dim});
      };
      attention_->store(first, heads(layer.key, layer.key_bias),
                        heads(layer.value, layer.value_bias));
    });
  }

  /// Adds attention and feed-forward of one layer to the given rows of the residual stream.
  void update(const LayerWeights& layer, std::span<const int64_t> rows) {
    const int64_t count = static_cast<int64_t>(rows.size());
    const int64_t blocks = blocks_of(count);
    const int64_t padded = blocks * row_block;
    const int64_t wide = spec_.heads * spec_.head_dim;
    if (!stream_.defined()) {  // no later chunk is larger than the first
      stream_ = at::empty({padded, spec_.hidden}, at::kFloat);
      query_ = at::empty({padded, wide}, dtype_);
    }
    const at::Tensor index = index_tensor(rows);
    at::Tensor x = stream_.narrow(0, 0, padded);     // [padded, hidden]
    at::Tensor query = query_.narrow(0, 0, padded);  // [padded, heads * head_dim]
    at::Tensor kept = x.narrow(0, 0, count);
    at::index_select_out(kept, x_, 0, index);
    x.narrow(0, count, padded - count).zero_();
    run_queue(blocks, [&](int64_t block) {
      const at::Tensor normed = rms_norm(x.narrow(0, block * row_block, row_block),
                                         layer.input_norm, spec_.rms_norm_eps, dtype_);
      query.narrow(0, block * row_block, row_block)
          .copy_(linear(normed, layer.query, layer.query_bias));
    });
    // What attention answers takes the place of the queries.
    at::Tensor mixed = query.narrow(0, 0, count);  // [count, heads * head_dim]
    mixed.copy_(attention_->attend(rows, mixed.view({count, spec_.heads, spec_.head_dim}))
                    .view({count, wide}));
    run_queue(blocks, [&](int64_t block) {
      const int64_t first = block * row_block;
      at::Tensor stream = x.narrow(0, first, row_block);  // [row_block, hidden]
      const at::Tensor normed = add_and_norm(
          stream, linear(query.narrow(0, first, row_block), layer.output, layer.output_bias),
          layer.post_attention_norm, spec_.rms_norm_eps);
      const at::Tensor gated = swiglu(linear(normed, layer.gate, layer.gate_bias),
                                      linear(normed, layer.up, layer.up_bias));
      add_to(stream, linear(gated, layer.down, layer.down_bias));
    });
    x_.index_copy_(0, index, kept);
  }

  const checkpoint::Weights& weights_;
  const checkpoint::LlamaSpec& spec_;
  const DocumentRows& rows_;
  const evals::Document& document_;
  PathPlans& plans_;
  const at::ScalarType dtype_;
  const Kernel kernel_;
  const std::vector<int64_t> busy_;
  const std::vector<int64_t> read_;
  at::Tensor x_;  // [padded rows, hidden] float32
  LayerWeights loaded_;
  std::vector<std::shared_ptr<const scalings::RotaryPlan>> held_plans_;
  std::unique_ptr<const RowPlan> row_plan_;
  std::unique_ptr<Attention> attention_;  // under row_plan_; its keys are those of one layer
  at::Tensor stream_;                     // [padded chunk, hidden] float32
  at::Tensor query_;                      // [padded chunk, heads * head_dim]
};

}  // namespace

at::Tensor forward(const checkpoint::Weights& weights, const DocumentRows& rows,
                   const evals::Document& document, PathPlans& plans, at::ScalarType dtype,
                   Kernel kernel, const ForwardHooks& hooks) {
  const c10::InferenceMode inference;
  return Forward(weights, rows, document, plans, dtype, kernel).run(hooks);
}

int64_t forward_work(const checkpoint::LlamaSpec& spec, const DocumentRows& rows) {
  return static_cast<int64_t>(busy_rows(rows).size()) * (spec.layers - 1) +
         static_cast<int64_t>(rows_read(rows).size());
}

}  // namespace model
