#pragma once

#include <filesystem>

#include "harness/checkpoint/llama_spec.h"
#include "harness/model/training/source.h"
#include "harness/model/training/train_config.h"

namespace training {

/// What a card tells of a run; results of evaluations are added by whoever makes them.
struct CardFacts {
  const TrainConfig& config;
  const checkpoint::LlamaSpec& spec;
  const SourceMaterial& material;
  double seconds = 0;  ///< spent training
};

/// Writes README.md: what the model is, what it was trained on and how, what it is not for.
/// Throws base::Error(Fault::io).
void write_model_card(const CardFacts& facts, const std::filesystem::path& directory);

}  // namespace training
