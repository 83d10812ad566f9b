#include "scalings/stated_length.h"

#include <fmt/format.h>

#include "harness/base/json.h"

namespace scalings {

std::string rope_dict_name(const nlohmann::json& config) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (base::has_value(config, key)) return key;
  }
  return {};
}

std::optional<StatedLength> length_before_scaling(const nlohmann::json& config,
                                                  base::Problems& problems) {
  if (!config.is_object()) return {};
  const std::string dict = rope_dict_name(config);
  const base::Json* const nested =
      !dict.empty() && config.at(dict).is_object() ? &config.at(dict) : nullptr;
  const struct {
    const base::Json* object;
    const char* key;
    std::string place;
  } candidates[] = {{&config, original_length_key, ""},
                    {nested, original_length_key, "/" + dict},
                    {&config, "max_position_embeddings", ""}};
  for (const auto& [object, key, place] : candidates) {
    if (!object || !base::has_value(*object, key)) continue;
    const size_t before = problems.found().size();
    const int64_t tokens =
        base::StrictObject(*object, place, problems).integer(key, 1, int64_t{1} << 31);
    if (problems.found().size() != before) return {};
    return StatedLength{tokens, key, fmt::format("{}/{}", place, key)};
  }
  return {};
}

}  // namespace scalings
