#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "harness/model/training/rotary_tables.h"
#include "harness/model/training/trainable_llama.h"

namespace training {

/// One forward and backward through a TrainableLlama. It reads the model's compute weights and owns
/// its gradients, so that several graphs of one model can run at once, each on its own thread.
class LlamaGraph {
 public:
  explicit LlamaGraph(const TrainableLlama& model);

  /// Returns the final norm's output, compute [sequences * length, hidden], detached.
  ///   ids int64 [sequences, length]; one table per layer
  at::Tensor forward(const at::Tensor& ids, const std::vector<RotaryTables>& tables);

  /// One float32 gradient per parameter of the model, in its order. The head's own gradient comes
  /// with the loss. Call it once, after forward.
  ///   d_hidden compute [sequences * length, hidden], d_head float32 [vocabulary, hidden]
  std::vector<at::Tensor> backward(const at::Tensor& d_hidden, const at::Tensor& d_head);

 private:
  const TrainableLlama& model_;
  std::vector<at::Tensor> weights_;  ///< leaves that share the model's storage
  at::Tensor ids_;                   ///< int64 [tokens]
  at::Tensor embedded_;              ///< leaf, float32 [tokens, hidden]
  at::Tensor hidden_;
};

}  // namespace training
