#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "harness/model/training/rotary_tables.h"
#include "harness/model/training/trainable_llama.h"

namespace training {

/// What one optimizer step reads. Token t of a row is the input, t + 1 its target.
struct Batch {
  at::Tensor tokens;   ///< int64 [sequences, length + 1]
  at::Tensor weights;  ///< float32 [sequences, length]: weight of every target, >= 0
};

struct BatchGradient {
  double loss = 0;                    ///< sum(weight * nll) / sum(weight), nats
  at::Tensor nll;                     ///< float32 [sequences, length]; 0 where the weight is 0
  std::vector<at::Tensor> gradients;  ///< of `loss`, float32, one per parameter
};

/// Loss and gradient of a batch. Whole sequences are dealt to shards of about `shard_tokens`, each
/// computed by one thread; shards are added in order, so the result is the same bits on any number
/// of threads. Throws std::invalid_argument when all weights are 0.
BatchGradient batch_gradient(const TrainableLlama& model, const Batch& batch,
                             const std::vector<RotaryTables>& tables, int64_t shard_tokens);

}  // namespace training
