#include "harness/checkpoint/tokenizer_config.h"

#include "harness/base/json.h"

namespace checkpoint {
namespace {

/// Written as text, or as an added-token object with "content".
std::string token(base::StrictObject& object, const std::string& key) {
  const base::Json* value = object.value(key);
  if (!value) return {};
  if (value->is_string()) return value->get<std::string>();
  return base::StrictObject(*value, object.at(key), object.problems()).text("content");
}

std::optional<bool> flag(base::StrictObject& object, const std::string& key) {
  if (!object.has(key)) return {};
  return object.boolean(key);
}

}  // namespace

TokenizerConfig parse_tokenizer_config(std::string_view text, const std::string& file) {
  base::Problems problems;
  const base::Json json = base::parse_json(text, file, problems);
  base::StrictObject object(json, "", problems);
  TokenizerConfig config;
  config.add_bos = flag(object, "add_bos_token");
  config.add_eos = flag(object, "add_eos_token");
  config.tokenizer_class = object.text("tokenizer_class", std::string{});
  config.bos_token = token(object, "bos_token");
  config.eos_token = token(object, "eos_token");
  if (object.has("model_max_length")) {
    config.model_max_length = object.number("model_max_length", base::Bounds::above(0), 1.0);
  }
  config.has_chat_template = object.has("chat_template");
  config.has_custom_code = object.has("auto_map");
  problems.throw_if_any(file);
  return config;
}

}  // namespace checkpoint
