#pragma once

#include <map>
#include <memory>
#include <utility>

#include "harness/checkpoint/weights.h"

namespace model_test {

/// A LLaMA of any shape in memory, float32, a pure function of (spec, seed). Attention is sharp:
/// query and key weights have standard deviation 0.25, so that a wrong rotation moves
/// log-probabilities by tenths; at the usual 0.02 it would hardly show.
class RandomWeights : public checkpoint::Weights {
 public:
  RandomWeights(const checkpoint::LlamaSpec& spec, uint64_t seed);

  const checkpoint::LlamaSpec& spec() const override { return spec_; }
  checkpoint::TensorView tensor(checkpoint::Role role, int64_t layer) const override;
  std::string fingerprint() const override { return "random"; }

 private:
  void add(checkpoint::Role role, int64_t layer, std::vector<int64_t> shape, double mean,
           double deviation);

  checkpoint::LlamaSpec spec_;
  uint64_t seed_;
  std::map<std::pair<checkpoint::Role, int64_t>, checkpoint::TensorView> tensors_;
};

/// 2 layers, hidden 64, 4 query heads on 2 kv heads of 16, vocabulary 97, theta 10000.
checkpoint::LlamaSpec small_spec();

}  // namespace model_test
