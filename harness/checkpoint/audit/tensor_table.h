#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/audit/naming.h"

namespace audit {

/// Reads tensors.json, the header of a checkpoint without its weights:
///
///     { "schema_version": 1, "dtype": "BF16",
///       "tensors": { "model.embed_tokens.weight": [64000, 7168],
///                    "model.layers.{0..59}.ln1.weight": [7168] } }
///
/// A range in braces stands for one tensor per number, up to a million of them in all. Throws
/// base::Error(Fault::input) with the JSON path. `file` names the table in messages.
std::vector<NamedShape> parse_tensor_table(std::string_view text, const std::string& file);

}  // namespace audit
