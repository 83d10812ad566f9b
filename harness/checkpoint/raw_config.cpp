#include "harness/checkpoint/raw_config.h"

#include <cmath>

#include "scalings/stated_length.h"

namespace checkpoint {

RawConfig RawConfig::parse(std::string_view text, const std::string& file) {
  base::Problems problems;
  RawConfig config;
  config.json_ = base::parse_json(text, file, problems);
  config.file_ = file;
  config.problems_ = problems.found();
  if (!config.json_.is_object()) {
    throw base::Error(base::Fault::input, file, base::Problem{"", "must be a JSON object", ""});
  }
  return config;
}

RawConfig RawConfig::read(const Directory& directory, std::string_view name) {
  return parse(directory.read_text(name), (directory.root() / name).string());
}

bool RawConfig::has(const std::string& key) const { return base::has_value(json_, key); }

std::optional<int64_t> RawConfig::integer(const std::string& key) const {
  const auto value = number(key);
  if (!value || std::trunc(*value) != *value || std::abs(*value) >= 9e15) return {};
  return static_cast<int64_t>(*value);
}

std::optional<double> RawConfig::number(const std::string& key) const {
  const auto found = json_.find(key);
  if (found == json_.end() || !found->is_number()) return {};
  return found->get<double>();
}

std::optional<bool> RawConfig::boolean(const std::string& key) const {
  const auto found = json_.find(key);
  if (found == json_.end() || !found->is_boolean()) return {};
  return found->get<bool>();
}

std::optional<std::string> RawConfig::text(const std::string& key) const {
  const auto found = json_.find(key);
  if (found == json_.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

const base::Json& RawConfig::rope_scaling() const {
  static const base::Json absent;
  const std::string name = scalings::rope_dict_name(json_);
  return name.empty() ? absent : json_.at(name);
}

std::optional<std::string> RawConfig::rope_type() const {
  const base::Json& dict = rope_scaling();
  for (const char* key : {"rope_type", "type"}) {
    if (!dict.is_object()) break;
    const auto found = dict.find(key);
    if (found != dict.end() && found->is_string()) return found->get<std::string>();
  }
  return {};
}

std::optional<double> RawConfig::rope_theta() const {
  if (const auto theta = number("rope_theta")) return theta;
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    const auto found = json_.find(key);
    if (found == json_.end() || !found->is_object()) continue;
    const auto theta = found->find("rope_theta");
    if (theta != found->end() && theta->is_number()) return theta->get<double>();
  }
  return {};
}

}  // namespace checkpoint
