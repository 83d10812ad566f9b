#pragma once

#include <cstdint>
#include <filesystem>

#include "harness/checkpoint/llama_spec.h"
#include "harness/checkpoint/weights.h"

namespace tests {

/// A LLaMA-family checkpoint with random weights, for tests that compare implementations.
struct RandomCheckpoint {
  checkpoint::LlamaSpec spec;
  uint64_t seed = 1;
  checkpoint::DType dtype = checkpoint::DType::f32;
  int64_t shards = 1;  ///< more than one: with an index
  bool yi_names = false;
  /// Of the query and key weights at width 64 (scaled by sqrt(64 / hidden) for other widths, so
  /// that logits keep their spread). Attention must be sharp: at the usual 0.02 a wrong position
  /// moves log-probabilities by less than 0.01, and parity proves nothing.
  double attention_std = 0.25;
};

/// A small shape that everything below can be varied from: 2 layers, width 64, 4 heads of 16 over 2
/// key/value heads, 256 tokens, trained on 128 positions.
checkpoint::LlamaSpec small_spec();

/// Writes config.json and safetensors in Hugging Face's layout into an existing folder. The same
/// (role, layer, seed) gives the same numbers whatever the dtype, names and shards.
void write_random_checkpoint(const RandomCheckpoint& wanted, const std::filesystem::path& folder);

}  // namespace tests
