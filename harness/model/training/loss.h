#pragma once

#include <ATen/ATen.h>

namespace training {

struct LossResult {
  double loss = 0;         ///< sum(weight * nll) / total_weight, nats
  at::Tensor nll;          ///< float32 [tokens], nats; 0 where the weight is 0
  at::Tensor d_hidden;     ///< gradient of `loss`, compute [tokens, hidden]
  at::Tensor d_embedding;  ///< gradient of `loss`, float32 [vocabulary, hidden]
};

/// Weighted cross-entropy of the LM head, forward and backward in one go and in blocks of rows, so
/// that the logits of a batch never exist at once; rows of weight 0 are left out. Logits, softmax
/// and loss are float32. `total_weight` is that of the whole batch, of which this may be a part.
///   hidden compute [tokens, hidden], embedding compute [vocabulary, hidden],
///   targets int64 [tokens], weights float32 [tokens], >= 0
LossResult weighted_cross_entropy(const at::Tensor& hidden, const at::Tensor& embedding,
                                  const at::Tensor& targets, const at::Tensor& weights,
                                  double total_weight);

}  // namespace training
