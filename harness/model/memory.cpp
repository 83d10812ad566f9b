#include "harness/model/memory.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/checkpoint/roles.h"
#include "harness/model/forward.h"
#include "harness/model/head.h"
#include "harness/model/kernels/llama_ops.h"
#include "harness/model/kernels/product.h"
#include "harness/model/layer_weights.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace model {
namespace {

constexpr int64_t f32 = sizeof(float);

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

/// Sizes in bytes of what forward() and score_targets() hold, in the order in which they hold it.
class Footprint {
 public:
  Footprint(const checkpoint::Weights& weights, const scalings::LayerPlans& plans,
            const MemoryCase& memory_case)
      : weights_(weights),
        spec_(weights.spec()),
        plans_(scalings::distinct(plans)),
        case_(memory_case),
        element_(memory_case.compute == Compute::float32 ? 4 : 2),
        length_(plans.front()->length()),
        rows_(std::max<int64_t>(memory_case.rows > 0 ? memory_case.rows : length_ - 1, 1)),
        keys_(spec_.kv_heads * spec_.head_dim) {}

  int64_t peak() const {
    const int64_t layer = residual() + tables_and_keys() + converted_weights();
    return path() +
           std::max({layer + chunk() + case_.threads * block(), residual() + final_norm(), head()});
  }

 private:
  /// The plans, the tokens in the document and in its rows, per row its path and its place among
  /// those wanted, and the answers.
  int64_t path() const {
    const int64_t answer = sizeof(int64_t) + sizeof(evals::Token) + 2 * sizeof(evals::TokenScore);
    int64_t bytes = rows_ * (2 * sizeof(evals::Token) + 4 + 8) + case_.scored * answer;
    for (const auto& plan : plans_) bytes += size_of(*plan);
    return bytes;
  }

  /// Positions and gain in double, spans and their offsets.
  int64_t size_of(const scalings::RotaryPlan& plan) const {
    int64_t spans = 0;
    for (int64_t query = 0; query < length_; ++query) {
      spans += static_cast<int64_t>(plan.spans.row(query).size());
    }
    const int64_t rulers = static_cast<int64_t>(plan.rulers.size());
    return length_ * (8 * rulers + 8 + 8) + spans * static_cast<int64_t>(sizeof(scalings::Span));
  }

  int64_t residual() const { return round_up(rows_, row_block) * spec_.hidden * f32; }

  /// Of the layer that needs most: a layer's tables and keys go before those of another plan come.
  int64_t tables_and_keys() const {
    int64_t most = 0;
    for (const auto& plan : plans_) most = std::max(most, tables(*plan) + keys_and_values(*plan));
    return most;
  }

  /// cos and sin of every ruler.
  int64_t tables(const scalings::RotaryPlan& plan) const {
    return static_cast<int64_t>(plan.rulers.size()) * rows_ * spec_.rotary_dim * f32;
  }

  /// Keys once per ruler that measures them, values once, and a mark for each row of values.
  int64_t keys_and_values(const scalings::RotaryPlan& plan) const {
    std::set<int64_t> key_rulers;
    for (const scalings::View& view : plan.views) {
      key_rulers.insert(view.key);
    }
    const int64_t copies = static_cast<int64_t>(key_rulers.size()) + 1;
    return copies * rows_ * keys_ * element_ + rows_ * spec_.kv_heads;
  }

  /// Those matrices of a layer that cannot be borrowed, in the compute dtype, of the layer that has
  /// most of them: files mix types. Rows of converted ones are float32 on their way there, some in
  /// each thread.
  int64_t converted_weights() const {
    const auto wanted =
        case_.compute == Compute::float32 ? checkpoint::DType::f32 : checkpoint::DType::bf16;
    std::map<int64_t, int64_t> copied;  // numbers, by layer
    int64_t widest = 0;
    for (const auto& [role, layer] : checkpoint::all_roles(spec_)) {
      const std::vector<int64_t> shape = checkpoint::role_shape(spec_, role);
      if (!checkpoint::is_per_layer(role) || shape.size() != 2) continue;
      if (weights_.is_converted(role)) widest = std::max(widest, shape[1]);
      if (!is_borrowed(role, layer, wanted)) copied[layer] += shape[0] * shape[1];
    }
    int64_t most = 0;
    for (const auto& [layer, numbers] : copied) most = std::max(most, numbers);
    return most * element_ + case_.threads * converted_rows * widest * f32;
  }

  /// Whether the tensor that is multiplied with is the mapped one.
  bool is_borrowed(checkpoint::Role role, int64_t layer, checkpoint::DType wanted) const {
    return !weights_.is_converted(role) && weights_.tensor(role, layer).dtype == wanted;
  }

  /// Rows of the residual stream that are answered together, with their queries and what attention
  /// answers. The last layer answers only what is scored.
  int64_t chunk() const {
    const int64_t wanted = spec_.layers == 1 ? std::min(case_.scored, rows_) : rows_;
    const int64_t rows = round_up(std::min(wanted, row_chunk), row_block);
    return rows * (spec_.hidden * f32 + 2 * wide() * element_);
  }

  /// What one thread holds of its block of rows. A thread's arena keeps what the thread gives back,
  /// so that blocks stay resident while rows of the next chunk attend.
  int64_t block() const {
    const int64_t normed = spec_.hidden * element_;
    const int64_t turned = 3 * keys_ * f32;  // both halves, their products with cos and sin, sums
    const int64_t store = normed + 2 * keys_ * element_ + turned;
    const int64_t gated = normed + 3 * spec_.intermediate * element_;  // gate, up, product
    return row_block * std::max(store, gated) + widened();
  }

  /// Rows, a slice of the widest matrix and their product, where bfloat16 is multiplied by way of
  /// float32.
  int64_t widened() const {
    if (case_.compute == Compute::float32 || multiplies_bfloat16()) return 0;
    const int64_t widest = std::max({spec_.hidden, spec_.intermediate, wide()});
    return ((row_block + linear_slice) * widest + row_block * linear_slice) * f32;
  }

  /// The rows that the head reads, and a chunk of them gathered, scaled and weighted.
  int64_t final_norm() const {
    return (case_.scored + 2 * std::min(case_.scored, row_chunk)) * spec_.hidden * f32;
  }

  /// The rows that the head reads, a chunk of them with its logits, and each thread's slice of the
  /// matrix in float32 and block of logits. Keys, values and the residual stream are gone by then.
  int64_t head() const {
    const HeadChunks chunks = plan_head_chunks(case_.scored, spec_.vocabulary, head_logit_bytes);
    const int64_t words = std::min(head_vocabulary_block, spec_.vocabulary);
    const auto role = checkpoint::head_role(spec_);
    const int64_t slice =
        is_borrowed(role, 0, checkpoint::DType::f32) ? 0 : words * spec_.hidden * f32;
    return case_.scored * spec_.hidden * f32 +
           chunks.rows * (spec_.vocabulary + spec_.hidden) * f32 + case_.threads * slice;
  }

  int64_t wide() const { return spec_.heads * spec_.head_dim; }

  const checkpoint::Weights& weights_;
  const checkpoint::LlamaSpec& spec_;
  const std::vector<std::shared_ptr<const scalings::RotaryPlan>> plans_;  // the distinct ones
  const MemoryCase& case_;
  const int64_t element_;  // bytes of a computed number
  const int64_t length_;   // tokens of a path
  const int64_t rows_;     // the last token of a path has none
  const int64_t keys_;     // numbers in all keys of one row
};

}  // namespace

int64_t peak_bytes(const checkpoint::Weights& weights, const scalings::LayerPlans& plans,
                   const MemoryCase& memory_case) {
  return runtime_bytes + Footprint(weights, plans, memory_case).peak();
}

void return_large_buffers() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 2 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
#endif
}

void return_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace model
