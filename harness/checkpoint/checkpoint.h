#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// A checkpoint that can be computed with.
struct Checkpoint {
  LlamaSpec spec;
  std::unique_ptr<Weights> weights;
  base::Json config;                   ///< config.json, or what it would say of a GGUF file: claims
  std::string config_file;             ///< where that stands
  std::vector<std::string> warnings;   ///< to show: defaults taken, keys ignored, files ignored
  std::vector<std::string> unmatched;  ///< names of tensors that the computation does not use
};

/// Opens a Hugging Face directory (config.json and model.safetensors, or its index and shards) or a
/// GGUF file.
/// Headers are read and checked in full; weights are mapped and touched only when used. Nothing of
/// the checkpoint is ever executed. Throws base::Error(Fault::input) with every problem found,
/// Fault::io when the system refuses a read.
Checkpoint open(const std::filesystem::path& path);

/// Tokens that the model was trained with before any scaling, as its config claims; what its family
/// fills in where the config says nothing. Throws base::Error(Fault::input) where it says what is
/// no length.
int64_t length_before_scaling(const Checkpoint& opened);

/// Whether a path names a GGUF file, by its ending; anything else is taken for a directory.
bool is_gguf(const std::filesystem::path& path);

}  // namespace checkpoint
