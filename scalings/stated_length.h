#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/error.h"

namespace scalings {

inline constexpr const char* original_length_key = "original_max_position_embeddings";

/// The length before any scaling, as a config.json states it.
struct StatedLength {
  int64_t tokens = 0;
  std::string key;  ///< original_max_position_embeddings, or max_position_embeddings for want of it
  std::string place;  ///< JSON path of that key
};

/// By Transformers' rule: original_max_position_embeddings of the top level, else of the RoPE dict,
/// else max_position_embeddings; nothing where the config has none of these. The first that is
/// there counts: when it is no integer from 1 to 2^31, that is added to `problems`, and nothing
/// returned.
std::optional<StatedLength> length_before_scaling(const nlohmann::json& config,
                                                  base::Problems& problems);

/// Under which key of a config.json the RoPE dict stands: rope_scaling (Transformers 4), else
/// rope_parameters (Transformers 5); empty where there is none.
std::string rope_dict_name(const nlohmann::json& config);

}  // namespace scalings
