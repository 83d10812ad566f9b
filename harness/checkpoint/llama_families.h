#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace checkpoint {

/// When a family's attention looks at sliding_window.
enum class Slides {
  never,  ///< Transformers' LLaMA, Yi's own code and llama.cpp's llama do not read the key
  always,
  when_asked,  ///< by use_sliding_window, from layer max_window_layers on
};

/// A family's own rules, and what its configuration class fills in for a key that config.json
/// leaves out.
struct Family {
  std::string_view model_type;
  double rope_theta;
  double rms_norm_eps;
  int64_t kv_heads;  ///< 0: as many as heads
  int64_t max_position_embeddings;
  Slides slides;
  int64_t sliding_window;     ///< 0: none
  bool query_key_value_bias;  ///< always, whatever attention_bias says
};

/// All that can be computed; the first is LLaMA itself.
std::span<const Family> llama_families();

/// nullptr where it is none of them.
const Family* find_llama_family(std::string_view model_type);

/// Of families whose window slides when asked.
inline constexpr int64_t default_max_window_layers = 28;

}  // namespace checkpoint
