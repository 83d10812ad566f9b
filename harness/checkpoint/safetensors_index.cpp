#include "harness/checkpoint/safetensors_index.h"

#include <fmt/format.h>

#include "harness/base/json.h"
#include "harness/checkpoint/directory.h"

namespace checkpoint {

SafetensorsIndex parse_safetensors_index(std::string_view text, const std::string& file) {
  base::Problems problems(base::few_problems);  // a wrong path is wrong for every tensor
  const base::Json json = base::parse_json(text, file, problems);
  SafetensorsIndex index;
  base::StrictObject object(json, "", problems);
  if (const base::Json* metadata = object.value("metadata"); metadata && metadata->is_object()) {
    base::StrictObject members(*metadata, "/metadata", problems);
    if (members.has("total_size")) {
      index.total_size =
          members.integer("total_size", 0, std::numeric_limits<int64_t>::max(), int64_t{0});
    }
  }
  if (const base::Json* map = object.required("weight_map")) {
    base::StrictObject members(*map, "/weight_map", problems);
    if (map->is_object() && map->empty()) problems.add("/weight_map", "names no tensor");
    for (const auto& [tensor, value] : map->items()) {
      if (!map->is_object()) break;
      const std::string name = members.text(tensor);
      if (!value.is_string()) continue;
      if (!is_plain_file_name(name)) {
        problems.add(members.at(tensor), fmt::format("\"{}\" is not a plain file name", name),
                     "shards must lie in the checkpoint's own folder");
      } else if (!name.ends_with(".safetensors")) {
        problems.add(members.at(tensor), fmt::format("\"{}\" is not a .safetensors file", name));
      } else {
        index.file_of[tensor] = name;
      }
    }
  }
  problems.throw_if_any(file);
  return index;
}

std::string format_safetensors_index(const SafetensorsIndex& index) {
  base::Json json = base::Json::object();
  json["metadata"] = base::Json::object();
  if (index.total_size) json["metadata"]["total_size"] = *index.total_size;
  json["weight_map"] = index.file_of;
  return json.dump(2) + "\n";
}

}  // namespace checkpoint
