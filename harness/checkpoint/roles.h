#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/llama_spec.h"
#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// A role in a certain layer; `layer` is 0 for embedding, final_norm and head.
struct RoleAt {
  Role role = Role::embedding;
  int64_t layer = 0;
  bool operator==(const RoleAt&) const = default;
};

/// What a tensor of that name does, by the names of LLaMA (Hugging Face), Mistral, Qwen2 and Yi
/// (ln1, ln2 for the two norms of a layer); nothing when the name is none of theirs.
std::optional<RoleAt> role_of(std::string_view tensor_name);

/// The Hugging Face LLaMA name of a tensor.
std::string standard_name(RoleAt at);

/// Yi's name of November 2023: ln1 and ln2, else the standard name.
std::string yi_name(RoleAt at);

/// Whether the role exists once per layer.
bool is_per_layer(Role role);

/// Shape of the tensor in a model of this spec.
std::vector<int64_t> role_shape(const LlamaSpec& spec, Role role);

/// Every tensor that a model of this spec has, in the order of a forward pass.
std::vector<RoleAt> all_roles(const LlamaSpec& spec);

/// The role of the matrix that makes logits: the embedding where the two are tied.
Role head_role(const LlamaSpec& spec);

/// "query", as in error messages.
std::string_view name_of(Role role);

}  // namespace checkpoint
