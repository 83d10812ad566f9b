#include "harness/checkpoint/hf_config.h"

#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "harness/checkpoint/llama_config.h"

namespace checkpoint {

base::Json hf_config(const LlamaSpec& spec, DType dtype) {
  const bool is_qwen = spec.query_key_value_bias && !spec.output_bias;
  const bool is_mistral = spec.sliding_window && !is_qwen;
  if (spec.output_bias && !spec.query_key_value_bias) {
    throw std::logic_error("no family has an output bias without query biases");
  }
  if ((is_qwen || is_mistral) && (spec.mlp_bias || spec.output_bias)) {
    throw std::logic_error("no family combines these biases or windows");
  }
  const std::string_view type = is_qwen ? "qwen2" : is_mistral ? "mistral" : "llama";
  const std::string_view name = is_qwen      ? "Qwen2ForCausalLM"
                                : is_mistral ? "MistralForCausalLM"
                                             : "LlamaForCausalLM";
  constexpr std::array<std::string_view, 3> dtypes{"float32", "float16", "bfloat16"};
  base::Json config = {{"architectures", {name}},
                       {"model_type", type},
                       {"vocab_size", spec.vocabulary},
                       {"hidden_size", spec.hidden},
                       {"intermediate_size", spec.intermediate},
                       {"num_hidden_layers", spec.layers},
                       {"num_attention_heads", spec.heads},
                       {"num_key_value_heads", spec.kv_heads},
                       {"head_dim", spec.head_dim},
                       {"hidden_act", "silu"},
                       {"rms_norm_eps", spec.rms_norm_eps},
                       {"rope_theta", spec.rope_theta},
                       {"rope_scaling", spec.rope_scaling},
                       {"max_position_embeddings", spec.max_position_embeddings},
                       {"tie_word_embeddings", spec.tied_embeddings},
                       {"torch_dtype", dtypes[static_cast<size_t>(dtype)]}};
  if (spec.rotary_dim != spec.head_dim) {
    // Readers truncate factor * head_dim: a quotient rounded downward would lose a channel.
    double factor = static_cast<double>(spec.rotary_dim) / static_cast<double>(spec.head_dim);
    if (rotated_channels(spec.head_dim, factor) != spec.rotary_dim) {
      factor = std::nextafter(factor, 1.0);
    }
    config["partial_rotary_factor"] = factor;
  }
  if (is_mistral || is_qwen) {
    config["sliding_window"] = spec.sliding_window ? base::Json(*spec.sliding_window) : nullptr;
  }
  if (is_qwen) {
    config["use_sliding_window"] = spec.sliding_window.has_value();
    config["max_window_layers"] = spec.sliding_window ? 0 : spec.layers;
  }
  if (!is_qwen && !is_mistral) {
    config["attention_bias"] = spec.query_key_value_bias;
    config["mlp_bias"] = spec.mlp_bias;
  }
  return config;
}

}  // namespace checkpoint
