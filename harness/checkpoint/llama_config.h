#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/checkpoint/llama_spec.h"
#include "harness/checkpoint/raw_config.h"

namespace checkpoint {

/// Reads what a LLaMA-family config.json (model_type llama, mistral, qwen2 or Yi) says about the
/// computation. Keys that the config leaves out take the defaults of the family's own configuration
/// class, as Transformers does; a missing rope_theta or rms_norm_eps is a warning that names the
/// default, and so is a sliding_window of a family that has none. Throws base::Error(Fault::input)
/// naming every key that is wrong, every key that has two values (rope_theta at the top level and
/// in the RoPE dict), and every key that changes the computation in a way that is not supported;
/// keys that nobody knows are a warning.
LlamaSpec read_llama_spec(const RawConfig& config, std::vector<std::string>& warnings);

/// The tokens that a query sees in the layers that slide, itself among them, by the same rules but
/// as tolerantly as RawConfig reads: for describing. Of a family that is not known here whatever
/// the config says; nothing when no layer slides.
std::optional<int64_t> sliding_window(const RawConfig& config);

/// Channels of a head that turn under a partial_rotary_factor, rounded down as Transformers does.
int64_t rotated_channels(int64_t head_dim, double factor);

}  // namespace checkpoint
