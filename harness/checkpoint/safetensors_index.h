#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace checkpoint {

/// model.safetensors.index.json: which shard holds which tensor.
struct SafetensorsIndex {
  std::map<std::string, std::string> file_of;  ///< tensor name -> plain file name
  std::optional<int64_t> total_size;           ///< bytes of all tensors, as claimed

  bool operator==(const SafetensorsIndex&) const = default;
};

/// Throws base::Error(Fault::input) with the JSON path: not JSON, duplicate keys, an empty or
/// missing weight_map, a file name that is not plain (a path could lead outside the folder) or
/// does not end in .safetensors. `file` names the index in messages.
SafetensorsIndex parse_safetensors_index(std::string_view text, const std::string& file);

/// The text of an index, tensors sorted.
std::string format_safetensors_index(const SafetensorsIndex& index);

}  // namespace checkpoint
