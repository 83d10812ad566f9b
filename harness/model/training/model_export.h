#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "evals/tokenizer.h"
#include "harness/base/json.h"
#include "harness/checkpoint/weights.h"
#include "harness/model/training/train_config.h"
#include "harness/model/training/trainable_llama.h"

namespace training {

/// How a scaling chain is written down for Transformers.
struct HfRope {
  double theta = 0;
  base::Json scaling = nullptr;  ///< `rope_scaling`
};

/// Exact in all layers at all `lengths` (tokens, at least one: those trained on), for chains that
/// are the same in all of these and end as another base (ntk, abf), as linear, or as yarn alone.
/// Throws base::Error naming the chain for any other, and where it is not the same: config.json has
/// no words for it.
HfRope hf_rope(const scalings::Chain& chain, const scalings::RopeShape& shape, int64_t layers,
               const std::set<int64_t>& lengths);

/// Writes config.json and model.safetensors in the layout of a Hugging Face LLaMA; the ids of BOS
/// and EOS are the tokenizer's. Throws base::Error(Fault::io).
void export_model(const TrainableLlama& model, const TrainConfig& config, const HfRope& rope,
                  const evals::Tokenizer& tokenizer, const std::filesystem::path& directory);

/// Masters from a checkpoint of the same spec.
void import_weights(const checkpoint::Weights& weights, TrainableLlama& model);

}  // namespace training
