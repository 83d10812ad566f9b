#include "harness/checkpoint/roles.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace checkpoint {
namespace {

struct Line {
  Role role;
  std::string_view label;
  std::string_view name;   ///< of Hugging Face LLaMA; below model.layers.<i>. when per_layer
  std::string_view alias;  ///< Yi's; empty when the same
  bool per_layer;
};

constexpr std::string_view layer_prefix = "model.layers.";

constexpr std::array<Line, 19> lines{{
    {Role::embedding, "embedding", "model.embed_tokens.weight", "", false},
    {Role::input_norm, "input norm", "input_layernorm.weight", "ln1.weight", true},
    {Role::query, "query", "self_attn.q_proj.weight", "", true},
    {Role::query_bias, "query bias", "self_attn.q_proj.bias", "", true},
    {Role::key, "key", "self_attn.k_proj.weight", "", true},
    {Role::key_bias, "key bias", "self_attn.k_proj.bias", "", true},
    {Role::value, "value", "self_attn.v_proj.weight", "", true},
    {Role::value_bias, "value bias", "self_attn.v_proj.bias", "", true},
    {Role::output, "output", "self_attn.o_proj.weight", "", true},
    {Role::output_bias, "output bias", "self_attn.o_proj.bias", "", true},
    {Role::post_attention_norm, "post-attention norm", "post_attention_layernorm.weight",
     "ln2.weight", true},
    {Role::gate, "gate", "mlp.gate_proj.weight", "", true},
    {Role::gate_bias, "gate bias", "mlp.gate_proj.bias", "", true},
    {Role::up, "up", "mlp.up_proj.weight", "", true},
    {Role::up_bias, "up bias", "mlp.up_proj.bias", "", true},
    {Role::down, "down", "mlp.down_proj.weight", "", true},
    {Role::down_bias, "down bias", "mlp.down_proj.bias", "", true},
    {Role::final_norm, "final norm", "model.norm.weight", "", false},
    {Role::head, "head", "lm_head.weight", "", false},
}};

const Line& line_of(Role role) {
  for (const Line& line : lines) {
    if (line.role == role) return line;
  }
  return lines[0];
}

std::string name_in(RoleAt at, std::string_view name) {
  if (!is_per_layer(at.role)) return std::string(name);
  return fmt::format("{}{}.{}", layer_prefix, at.layer, name);
}

}  // namespace

std::optional<RoleAt> role_of(std::string_view tensor_name) {
  int64_t layer = 0;
  std::string_view rest = tensor_name;
  const bool per_layer = rest.starts_with(layer_prefix);
  if (per_layer) {
    rest.remove_prefix(layer_prefix.size());
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
    const size_t digits = static_cast<size_t>(end - rest.data());
    const bool is_number = failure == std::errc{} && digits < rest.size() && *end == '.' &&
                           layer >= 0 && std::to_string(layer).size() == digits;
    if (!is_number) return {};
    rest.remove_prefix(digits + 1);
  }
  for (const Line& line : lines) {
    if (line.per_layer != per_layer) continue;
    if (rest == line.name || (!line.alias.empty() && rest == line.alias)) {
      return RoleAt{line.role, layer};
    }
  }
  return {};
}

std::string standard_name(RoleAt at) { return name_in(at, line_of(at.role).name); }

std::string yi_name(RoleAt at) {
  const Line& line = line_of(at.role);
  return name_in(at, line.alias.empty() ? line.name : line.alias);
}

bool is_per_layer(Role role) { return line_of(role).per_layer; }

Role head_role(const LlamaSpec& spec) {
  return spec.tied_embeddings ? Role::embedding : Role::head;
}

std::string_view name_of(Role role) { return line_of(role).label; }

std::vector<int64_t> role_shape(const LlamaSpec& spec, Role role) {
  const int64_t query_rows = spec.heads * spec.head_dim;
  const int64_t key_rows = spec.kv_heads * spec.head_dim;
  switch (role) {
    case Role::embedding:
    case Role::head:
      return {spec.vocabulary, spec.hidden};
    case Role::input_norm:
    case Role::post_attention_norm:
    case Role::final_norm:
    case Role::output_bias:
    case Role::down_bias:
      return {spec.hidden};
    case Role::query:
      return {query_rows, spec.hidden};
    case Role::key:
    case Role::value:
      return {key_rows, spec.hidden};
    case Role::output:
      return {spec.hidden, query_rows};
    case Role::query_bias:
      return {query_rows};
    case Role::key_bias:
    case Role::value_bias:
      return {key_rows};
    case Role::gate:
    case Role::up:
      return {spec.intermediate, spec.hidden};
    case Role::down:
      return {spec.hidden, spec.intermediate};
    case Role::gate_bias:
    case Role::up_bias:
      return {spec.intermediate};
  }
  return {};
}

std::vector<RoleAt> all_roles(const LlamaSpec& spec) {
  const auto wanted = [&](Role role) {
    switch (role) {
      case Role::query_bias:
      case Role::key_bias:
      case Role::value_bias:
        return spec.query_key_value_bias;
      case Role::output_bias:
        return spec.output_bias;
      case Role::gate_bias:
      case Role::up_bias:
      case Role::down_bias:
        return spec.mlp_bias;
      default:
        return true;
    }
  };
  std::vector<RoleAt> all{{Role::embedding, 0}};
  for (int64_t layer = 0; layer < spec.layers; ++layer) {
    for (const Line& line : lines) {
      if (line.per_layer && wanted(line.role)) all.push_back({line.role, layer});
    }
  }
  all.push_back({Role::final_norm, 0});
  if (!spec.tied_embeddings) all.push_back({Role::head, 0});
  return all;
}

}  // namespace checkpoint
