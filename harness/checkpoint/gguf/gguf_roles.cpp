#include "harness/checkpoint/gguf/gguf_roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace checkpoint {
namespace {

struct Name {
  std::string_view name;
  Role role;
};

constexpr auto whole_model = std::to_array<Name>({{"token_embd.weight", Role::embedding},
                                                  {"output_norm.weight", Role::final_norm},
                                                  {"output.weight", Role::head}});

constexpr auto of_layer = std::to_array<Name>({{"attn_norm.weight", Role::input_norm},
                                               {"attn_q.weight", Role::query},
                                               {"attn_k.weight", Role::key},
                                               {"attn_v.weight", Role::value},
                                               {"attn_output.weight", Role::output},
                                               {"attn_q.bias", Role::query_bias},
                                               {"attn_k.bias", Role::key_bias},
                                               {"attn_v.bias", Role::value_bias},
                                               {"attn_output.bias", Role::output_bias},
                                               {"ffn_norm.weight", Role::post_attention_norm},
                                               {"ffn_gate.weight", Role::gate},
                                               {"ffn_up.weight", Role::up},
                                               {"ffn_down.weight", Role::down},
                                               {"ffn_gate.bias", Role::gate_bias},
                                               {"ffn_up.bias", Role::up_bias},
                                               {"ffn_down.bias", Role::down_bias}});

template <typename Names>
std::optional<Role> find(const Names& names, std::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const Name& each) { return each.name == name; });
  if (found == names.end()) return {};
  return found->role;
}

}  // namespace

std::optional<RoleAt> gguf_role_of(std::string_view tensor_name) {
  constexpr std::string_view block = "blk.";
  if (!tensor_name.starts_with(block)) {
    const auto role = find(whole_model, tensor_name);
    return role ? std::optional(RoleAt{*role, 0}) : std::nullopt;
  }
  tensor_name.remove_prefix(block.size());
  const size_t dot = tensor_name.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view digits = tensor_name.substr(0, dot);
  int64_t layer = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), layer);
  if (read.ec != std::errc() || layer < 0 || digits != std::to_string(layer)) return {};
  const auto role = find(of_layer, tensor_name.substr(dot + 1));
  return role ? std::optional(RoleAt{*role, layer}) : std::nullopt;
}

std::string gguf_name(RoleAt at) {
  for (const Name& each : whole_model) {
    if (each.role == at.role) return std::string(each.name);
  }
  for (const Name& each : of_layer) {
    if (each.role == at.role) return fmt::format("blk.{}.{}", at.layer, each.name);
  }
  return {};
}

}  // namespace checkpoint
