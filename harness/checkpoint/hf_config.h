#pragma once

#include "harness/base/json.h"
#include "harness/checkpoint/llama_spec.h"
#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// The config.json of a model of this spec, as Transformers 4 and 5 read it; read_llama_spec gives
/// the spec back. Throws std::logic_error for a spec that no family can express (query biases and
/// no output bias together with mlp biases).
base::Json hf_config(const LlamaSpec& spec, DType dtype);

}  // namespace checkpoint
