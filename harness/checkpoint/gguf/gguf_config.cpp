#include "harness/checkpoint/gguf/gguf_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "harness/checkpoint/gguf/gguf_blocks.h"
#include "harness/checkpoint/gguf/gguf_metadata.h"
#include "harness/checkpoint/llama_config.h"

namespace checkpoint {
namespace {

const GgufTensor* find_tensor(const GgufHeader& header, std::string_view name) {
  const auto found = std::find_if(header.tensors.begin(), header.tensors.end(),
                                  [&](const GgufTensor& tensor) { return tensor.name == name; });
  return found == header.tensors.end() ? nullptr : &*found;
}

/// A number of heads: one integer, or one for each layer, which must then be equal.
std::optional<int64_t> head_count(const GgufMetadata& data, const GgufHeader& header,
                                  const std::string& key) {
  const auto found = header.metadata.find(key);
  if (found == header.metadata.end() || !std::holds_alternative<GgufArray>(found->second)) {
    return data.integer(key);
  }
  const std::vector<int64_t>& counts = std::get<GgufArray>(found->second).integers;
  const bool is_uniform = !counts.empty() && std::all_of(counts.begin(), counts.end(),
                                                         [&](int64_t n) { return n == counts[0]; });
  if (is_uniform) return counts[0];
  data.problems().add(key, "differs from layer to layer, which is not supported");
  return {};
}

void require(const GgufMetadata& data, base::Json& config, const char* name,
             const std::string& key) {
  if (const auto value = data.integer(key)) {
    config[name] = *value;
  } else if (!data.has(key)) {
    data.problems().add(key, "is missing");
  }
}

/// The RoPE dict, or null.
base::Json rope_scaling(const GgufMetadata& data, int64_t context_length) {
  const std::string key = "llama.rope.scaling.";
  const auto legacy = data.number("llama.rope.scale_linear");
  // A factor without a type is linear to llama.cpp.
  const bool has_factor = legacy || data.has(key + "factor");
  const std::string type(data.text(key + "type").value_or(has_factor ? "linear" : "none"));
  if (type == "none") return nullptr;
  if (type != "linear" && type != "yarn") {
    data.problems().add(key + "type", fmt::format("\"{}\" is not supported", type));
    return nullptr;
  }
  const double factor = data.number(key + "factor").value_or(legacy.value_or(1));
  if (factor < 1) {
    data.problems().add(key + "factor", fmt::format("must be >= 1 (is {})", factor));
  }
  if (type == "linear") {
    return factor == 1 ? base::Json() : base::Json{{"rope_type", "linear"}, {"factor", factor}};
  }
  for (const char* each :
       {"attn_factor", "alpha", "yarn_log_multiplier", "yarn_ext_factor", "yarn_attn_factor"}) {
    if (data.has(key + each)) data.problems().add(key + each, "is not supported");
  }
  const int64_t original = data.integer(key + "original_context_length").value_or(context_length);
  if (original < 1) {
    data.problems().add(key + "original_context_length",
                        fmt::format("must be above 0 (is {})", original));
  }
  base::Json dict = {
      {"rope_type", "yarn"}, {"factor", factor}, {"original_max_position_embeddings", original}};
  if (const auto fast = data.number(key + "yarn_beta_fast")) dict["beta_fast"] = *fast;
  if (const auto slow = data.number(key + "yarn_beta_slow")) dict["beta_slow"] = *slow;
  return dict;
}

/// The divisors of rope_freqs.weight as a dict, or null.
base::Json rope_divisors(const GgufMetadata& data, const GgufHeader& header, std::string_view bytes,
                         int64_t head_dim, int64_t context_length) {
  const std::string place = "tensor \"rope_freqs.weight\"";
  const GgufTensor* tensor = find_tensor(header, "rope_freqs.weight");
  if (!tensor) return nullptr;
  if (tensor->type->name != "F32" || tensor->shape.size() != 1) {
    data.problems().add(place, "must be one row of F32");
    return nullptr;
  }
  if (tensor->elements() != head_dim / 2) {
    data.problems().add(place, fmt::format("has {} divisors for the {} pairs of a head",
                                           tensor->elements(), head_dim / 2));
    return nullptr;
  }
  std::vector<float> divisors(static_cast<size_t>(tensor->elements()));
  const std::string_view data_bytes =
      bytes.substr(static_cast<size_t>(tensor->begin), static_cast<size_t>(tensor->bytes));
  dequantize(*tensor->type, std::as_bytes(std::span(data_bytes)), divisors);
  for (size_t pair = 0; pair < divisors.size(); ++pair) {
    if (divisors[pair] > 0 && std::isfinite(divisors[pair])) continue;
    data.problems().add(place,
                        fmt::format("element {} must be above 0 (is {})", pair, divisors[pair]));
    return nullptr;
  }
  return {{"rope_type", "longrope"},
          {"factor", 1},
          {"original_max_position_embeddings", context_length},
          {"short_factor", divisors},
          {"long_factor", divisors},
          {"attention_factor", 1}};
}

}  // namespace

void require_whole(const GgufHeader& header, const std::string& file) {
  base::Problems problems;
  const GgufMetadata data(header, problems);
  const int64_t parts = data.integer("split.count").value_or(1);
  if (parts > 1) {
    const int64_t part = data.integer("split.no").value_or(-1);  // from 0
    const bool is_numbered = 0 <= part && part < parts;
    problems.add("split.count",
                 is_numbered ? fmt::format("the file is part {} of {}", part + 1, parts)
                             : fmt::format("the file is one of {} parts", parts),
                 "join them: llama-gguf-split --merge FIRST_PART WHOLE.gguf");
  }
  problems.throw_if_any(file);
}

base::Json gguf_config(const GgufHeader& header, std::string_view bytes, const std::string& file,
                       std::vector<std::string>& warnings) {
  require_whole(header, file);
  base::Problems problems;
  const GgufMetadata data(header, problems);
  const std::string_view architecture = data.text("general.architecture").value_or("");
  if (architecture != "llama") {
    problems.add("general.architecture",
                 fmt::format("\"{}\" is not an architecture that can be computed", architecture),
                 "supported: llama");
    problems.throw_if_any(file);
  }
  base::Json config = {{"model_type", "llama"}, {"architectures", {"LlamaForCausalLM"}}};
  require(data, config, "hidden_size", "llama.embedding_length");
  require(data, config, "num_hidden_layers", "llama.block_count");
  require(data, config, "intermediate_size", "llama.feed_forward_length");
  require(data, config, "max_position_embeddings", "llama.context_length");
  if (const auto heads = head_count(data, header, "llama.attention.head_count")) {
    config["num_attention_heads"] = *heads;
    config["num_key_value_heads"] =
        head_count(data, header, "llama.attention.head_count_kv").value_or(*heads);
  } else if (!data.has("llama.attention.head_count")) {
    problems.add("llama.attention.head_count", "is missing");
  }
  const GgufTensor* embedding = find_tensor(header, "token_embd.weight");
  if (embedding && embedding->shape.size() == 2) {
    config["vocab_size"] = embedding->shape[0];
  } else {
    problems.add("tensor \"token_embd.weight\"", "is missing or no matrix");
  }
  if (const auto eps = data.number("llama.attention.layer_norm_rms_epsilon")) {
    config["rms_norm_eps"] = *eps;
  } else if (!data.has("llama.attention.layer_norm_rms_epsilon")) {
    problems.add("llama.attention.layer_norm_rms_epsilon", "is missing");
  }
  for (const char* table : {"rope_factors_long.weight", "rope_factors_short.weight"}) {
    if (find_tensor(header, table)) {
      problems.add(fmt::format("tensor \"{}\"", table), "is not supported");
    }
  }
  if (data.integer("llama.expert_count").value_or(0) > 0) {
    problems.add("llama.expert_count", "experts are not supported");
  }
  if (!data.has("llama.rope.freq_base")) {
    warnings.push_back("llama.rope.freq_base is missing: llama.cpp takes 10000");
  }
  config["rope_theta"] = data.number("llama.rope.freq_base").value_or(10000);
  const auto key_length = data.integer("llama.attention.key_length");
  if (key_length) config["head_dim"] = *key_length;
  if (data.integer("llama.attention.value_length") != key_length) {
    problems.add("llama.attention.value_length", "differs from key_length, which is not supported");
  }
  config["tie_word_embeddings"] = find_tensor(header, "output.weight") == nullptr;
  config["attention_bias"] = find_tensor(header, "blk.0.attn_q.bias") != nullptr;
  config["mlp_bias"] = find_tensor(header, "blk.0.ffn_gate.bias") != nullptr;
  problems.throw_if_any(file);

  const int64_t head_dim =
      key_length.value_or(config["hidden_size"].get<int64_t>() /
                          std::max<int64_t>(1, config["num_attention_heads"].get<int64_t>()));
  const auto rotated = data.integer("llama.rope.dimension_count");
  if (rotated && *rotated != head_dim) {
    problems.add("llama.rope.dimension_count",
                 fmt::format("is {} of {} dimensions: rotating a part is not supported", *rotated,
                             head_dim));
  }
  const int64_t context = config["max_position_embeddings"].get<int64_t>();
  config["rope_scaling"] = rope_scaling(data, context);
  if (const base::Json divisors = rope_divisors(data, header, bytes, head_dim, context);
      !divisors.is_null()) {
    if (!config["rope_scaling"].is_null()) {
      problems.add("llama.rope.scaling.type", "and rope_freqs.weight together are not supported");
    }
    config["rope_scaling"] = divisors;
  }
  problems.throw_if_any(file);
  return config;
}

LlamaSpec gguf_spec(const base::Json& config, const GgufHeader& header, const std::string& file,
                    std::vector<std::string>& warnings) {
  LlamaSpec spec = read_llama_spec(RawConfig::parse(config.dump(), file), warnings);
  spec.query_key_value_bias = find_tensor(header, "blk.0.attn_q.bias") != nullptr;
  spec.output_bias = find_tensor(header, "blk.0.attn_output.bias") != nullptr;
  return spec;
}

}  // namespace checkpoint
