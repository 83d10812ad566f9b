#pragma once

#include <ATen/ATen.h>

namespace training {

/// Causal attention, differentiable: softmax(q k^T / sqrt(head_dim)) v over keys j <= i.
/// query [sequences, heads, length, head_dim]; key, value [sequences, kv_heads, length, head_dim];
/// kv_heads divides heads (grouped-query attention). Returns [sequences * length, heads *
/// head_dim].
at::Tensor causal_attention(const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& value);

}  // namespace training
