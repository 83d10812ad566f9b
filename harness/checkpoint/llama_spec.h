#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

namespace checkpoint {

/// Everything about a LLaMA-family model that changes its computation; what can be computed, and
/// nothing that cannot.
struct LlamaSpec {
  int64_t vocabulary = 0;
  int64_t hidden = 0;
  int64_t intermediate = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;  ///< divides heads
  int64_t head_dim = 0;  ///< need not be hidden / heads
  int64_t rotary_dim = 0;
  double rope_theta = 10000;
  double rms_norm_eps = 1e-5;
  bool tied_embeddings = false;
  bool query_key_value_bias = false;
  bool output_bias = false;
  bool mlp_bias = false;
  std::optional<int64_t> sliding_window;  ///< tokens a query sees, itself among them
  int64_t max_position_embeddings = 0;    ///< as configured: a claim, not a fact
  nlohmann::json rope_scaling = nullptr;  ///< as configured, null when absent

  bool operator==(const LlamaSpec&) const = default;
};

}  // namespace checkpoint
