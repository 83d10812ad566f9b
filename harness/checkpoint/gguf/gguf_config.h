#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/checkpoint/gguf/gguf_file.h"
#include "harness/checkpoint/llama_spec.h"

namespace checkpoint {

/// Throws base::Error(Fault::input) when the file is one of the parts into which llama-gguf-split
/// or the converter has cut a model (split.count, split.no): only the first has the metadata, and
/// none has all tensors. `file` names it.
void require_whole(const GgufHeader& header, const std::string& file);

/// The config.json that a Hugging Face checkpoint of the same model would have, so that everything
/// that reads one (spec, claims, as_configured) reads GGUF files as well. The file must be whole
/// and the architecture llama. RoPE: freq_base; scaling linear (also where a factor names no type,
/// as llama.cpp reads it) and yarn; the divisors of the tensor rope_freqs.weight, which is how
/// Llama 3's scaling is carried, as a longrope dict with those divisors at every length and no
/// magnitude. `bytes` is the whole file. Throws base::Error(Fault::input) naming every key that is
/// missing, wrong, or changes the computation in a way that is not supported.
base::Json gguf_config(const GgufHeader& header, std::string_view bytes, const std::string& file,
                       std::vector<std::string>& warnings);

/// The spec of that config. Biases are those that the file has: a config.json of model_type llama
/// has them in all of attention or nowhere. Throws base::Error(Fault::input).
LlamaSpec gguf_spec(const base::Json& config, const GgufHeader& header, const std::string& file,
                    std::vector<std::string>& warnings);

}  // namespace checkpoint
