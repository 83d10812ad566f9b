#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace scalings {

/// A chain read from a Hugging Face config.json, and what its reader should know about it.
struct HfScaling {
  nlohmann::json chain = nlohmann::json::array();  ///< for make_chain; [] is plain RoPE
  std::vector<std::string> warnings;
};

/// Turns `rope_scaling` (Transformers 4) or `rope_parameters` (Transformers 5) of a whole
/// config.json into the chain that Transformers would run: `rope_type` or `type`; default, linear,
/// dynamic, yarn, longrope (also as su), llama3, proportional; the original length as
/// length_before_scaling has it, with a warning where it is max_position_embeddings. A factor that
/// is not given is the ratio of the two lengths. A key that Transformers would not read is a
/// warning. The base (rope_theta) and partial_rotary_factor belong to the model's shape and are not
/// part of the chain, but for proportional, whose fraction partial_rotary_factor is.
///
/// Throws base::Error naming `file` and the JSON path in it, with the reason, where no chain means
/// the same: an unknown type, contradicting keys, a missing or impossible value, a dict per layer
/// type.
HfScaling from_hf(const nlohmann::json& config, const std::string& file);

}  // namespace scalings
