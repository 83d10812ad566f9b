#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "harness/checkpoint/llama_spec.h"

namespace training {

/// One trained tensor. Projections that read the same input are one matrix, rows stacked: query
/// over key over value, gate over up.
struct Parameter {
  std::string name;         ///< "embedding", "layers.0.query_key_value", "final_norm" ...
  at::Tensor master;        ///< float32: what the optimizer moves
  at::Tensor compute;       ///< the copy that the forward reads
  at::Tensor mean, square;  ///< AdamW's moments, float32
  bool decays = true;       ///< matrices decay, norm gains do not
};

/// The weights of a LLaMA in training: RMSNorm, rotary attention, SwiGLU, tied or untied head, no
/// biases.
class TrainableLlama {
 public:
  /// Order of parameters(): the embedding, these of every layer, the final norm, the untied head.
  enum LayerTensor : int64_t {
    input_norm,
    query_key_value,
    output,
    post_attention_norm,
    gate_up,
    down,
    tensors_per_layer
  };

  /// Weights drawn from `seed`: normal with deviation 0.02, the two projections into the residual
  /// stream divided by sqrt(2 layers) (as in GPT-2). `compute` is float32 or bfloat16. Throws
  /// base::Error for a spec with biases or a sliding window.
  TrainableLlama(const checkpoint::LlamaSpec& spec, at::ScalarType compute, int64_t seed);

  const checkpoint::LlamaSpec& spec() const { return spec_; }
  at::ScalarType compute() const { return compute_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

  size_t embedding() const { return 0; }
  size_t at(int64_t layer, LayerTensor which) const {
    return static_cast<size_t>(1 + layer * tensors_per_layer + which);
  }
  size_t final_norm() const { return static_cast<size_t>(1 + spec_.layers * tensors_per_layer); }
  size_t head() const { return spec_.tied_embeddings ? embedding() : final_norm() + 1; }

  /// Rounds every master weight to its compute copy: call it after changing masters.
  void refresh();

 private:
  void add(const std::string& name, at::IntArrayRef shape, double deviation, int64_t seed);

  checkpoint::LlamaSpec spec_;
  at::ScalarType compute_;
  std::vector<Parameter> parameters_;
};

}  // namespace training
