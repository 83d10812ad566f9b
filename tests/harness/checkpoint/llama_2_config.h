#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/checkpoint/llama_config.h"
#include "tests/support/error_text.h"

/// Llama 2's config.json, what becomes of it when keys change, and what is read of it.
namespace checkpoint {

/// Llama-2-7B, as published.
inline base::Json llama_2() {
  return base::Json::parse(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "rope_scaling": null,
    "rope_theta": 10000.0, "tie_word_embeddings": false, "pretraining_tp": 1, "use_cache": true,
    "torch_dtype": "float16", "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.02,
    "transformers_version": "4.31.0"})");
}

inline base::Json with(base::Json config, const base::Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return config;
}

inline base::Json without(base::Json config, const std::string& key) {
  config.erase(key);
  return config;
}

struct Reading {
  LlamaSpec spec;
  std::vector<std::string> warnings;
};

inline Reading read(const base::Json& config) {
  Reading reading;
  reading.spec = read_llama_spec(RawConfig::parse(config.dump(), "config.json"), reading.warnings);
  return reading;
}

inline std::string refusal(const base::Json& config) {
  return tests::error_text([&] { read(config); });
}

}  // namespace checkpoint
