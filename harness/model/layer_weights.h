#pragma once

#include <ATen/core/Tensor.h>

#include "harness/checkpoint/weights.h"

namespace model {

/// The bytes of a checkpoint as a tensor, without a copy where they are aligned: the tensor's
/// deleter then holds the mapping. Read-only, whatever its type says.
at::Tensor borrow(const checkpoint::TensorView& view);

/// One layer in the compute dtype; norms in float32. Undefined where the model has none. Borrowed
/// from the mapping where the file's dtype is the compute dtype, converted otherwise.
struct LayerWeights {
  at::Tensor input_norm;                        // [hidden]
  at::Tensor query;                             // [heads * head_dim, hidden]
  at::Tensor key, value;                        // [kv_heads * head_dim, hidden]
  at::Tensor output;                            // [hidden, heads * head_dim]
  at::Tensor query_bias, key_bias, value_bias;  // [rows of their weight]
  at::Tensor output_bias;                       // [hidden]
  at::Tensor post_attention_norm;               // [hidden]
  at::Tensor gate, up;                          // [intermediate, hidden]
  at::Tensor down;                              // [hidden, intermediate]
  at::Tensor gate_bias, up_bias, down_bias;     // [rows of their weight]
};

/// Rows of a quantised matrix that a thread dequantises at a time: no whole one exists in float32.
inline constexpr int64_t converted_rows = 64;

/// Puts a layer in the place of the one that `into` holds, or of nothing. What is converted goes
/// into the same buffers: new ones for every layer would leave the heap in pieces.
void load_layer(const checkpoint::Weights& weights, int64_t layer, at::ScalarType dtype,
                LayerWeights& into);

}  // namespace model
