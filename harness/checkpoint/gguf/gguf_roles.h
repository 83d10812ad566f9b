#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/checkpoint/roles.h"

namespace checkpoint {

/// What a tensor of that name does in a GGUF file of the architecture llama
/// ("blk.3.attn_q.weight"); nothing when the name is none of its names. Source: gguf-py's
/// tensor_mapping.py.
std::optional<RoleAt> gguf_role_of(std::string_view tensor_name);

/// The name of that tensor in such a file.
std::string gguf_name(RoleAt at);

}  // namespace checkpoint
