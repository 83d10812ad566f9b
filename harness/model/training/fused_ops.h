#pragma once

#include <ATen/ATen.h>

#include "harness/model/training/rotary_tables.h"

namespace training {

/// Differentiable pieces of a LLaMA layer, each one pass over memory on the way in and one on the
/// way back (row_kernels.h). "compute" is float32 or bfloat16; reductions and the residual stream
/// are float32 in both. Results do not depend on the number of threads.

struct AddNorm {
  at::Tensor sum;     ///< x + delta, float32 [tokens, hidden]: the residual stream
  at::Tensor normed;  ///< RMSNorm(sum) * gain, compute [tokens, hidden]
};

/// x float32 [tokens, hidden]; delta compute [tokens, hidden], or undefined for nothing to add;
/// gain float32 [hidden]. `compute` is the type of the result.
AddNorm add_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& gain, double eps,
                 at::ScalarType compute);

/// silu(gate) * up. gate_up compute [tokens, 2 * intermediate], gate first -> [tokens,
/// intermediate].
at::Tensor swiglu(const at::Tensor& gate_up);

struct HeadShape {
  int64_t sequences = 0;
  int64_t length = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
};

struct Heads {
  at::Tensor query;  ///< rotated [sequences, heads, length, head_dim]
  at::Tensor key;    ///< rotated [sequences, kv_heads, length, head_dim]
  at::Tensor value;  ///< [sequences, kv_heads, length, head_dim]
};

/// Splits qkv [sequences * length, (heads + 2 kv_heads) * head_dim] and rotates queries and keys.
Heads rotate_heads(const at::Tensor& qkv, const RotaryTables& tables, const HeadShape& shape);

}  // namespace training
