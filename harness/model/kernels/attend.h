#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/model/kernels/row_plan.h"

namespace model {

struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;  ///< divides heads; query head h reads kv head h / (heads / kv_heads)
  int64_t head_dim = 0;
};

/// Keys and values of one layer, and exact attention over them: blocked online softmax (Milakov and
/// Gimelshein, arXiv:1805.02867) over the spans of a plan, O(rows) memory, work in proportion to
/// the spans. Inputs are float32 or bfloat16; logits, softmax and accumulation are float32 in both.
/// Keys come un-rotated and are rotated once per ruler. NaN, and infinities of values, reach
/// exactly the queries that attend them: those are answered with NaN, all others as if such rows
/// were absent. A key whose logit is -inf weighs nothing.
class Attention {
 public:
  virtual ~Attention() = default;

  /// Keeps rows [first_row, first_row + n), in place of what was stored there before: one object
  /// serves layer after layer. Different rows may be stored from different threads.
  ///   key, value [n, kv_heads, head_dim] in the dtype of construction
  virtual void store(int64_t first_row, const at::Tensor& key, const at::Tensor& value) = 0;

  /// Answers queries of any rows; all rows that they attend must be stored. Work items are (head,
  /// query block), largest first, one thread each: results do not depend on the number of threads.
  ///   rows [n] ascending, query [n, heads, head_dim] un-rotated -> [n, heads, head_dim]
  virtual at::Tensor attend(std::span<const int64_t> rows, const at::Tensor& query) const = 0;
};

/// Ways to compute the same thing; which one ran stands in every row of results.
enum class Kernel {
  portable,       ///< products and softmax of our own, for any CPU, fast where AVX2 is
  brgemm_avx512,  ///< oneDNN's small-matrix products and an AVX-512 softmax
};

std::string name(Kernel kernel);

/// The fastest kernel for this CPU, dtype and shape.
Kernel best_kernel(at::ScalarType dtype, const AttentionShape& shape);

/// Room for plan.rows() keys and values. `plan` must outlive the answer.
std::unique_ptr<Attention> make_attention(const AttentionShape& shape, const RowPlan& plan,
                                          at::ScalarType dtype, Kernel kernel);

/// Attention of one whole path: query [length, heads, head_dim], key and value [length, kv_heads,
/// head_dim], un-rotated, float32 or bfloat16 -> [length, heads, head_dim]
at::Tensor attend(const scalings::RotaryPlan& plan, const at::Tensor& query, const at::Tensor& key,
                  const at::Tensor& value, Kernel kernel);

}  // namespace model
