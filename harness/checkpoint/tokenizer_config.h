#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace checkpoint {

/// What a tokenizer_config.json says that matters here.
struct TokenizerConfig {
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::string tokenizer_class;
  std::string bos_token;
  std::string eos_token;
  std::optional<double> model_max_length;  ///< tokens; 1e30 there means "never set"
  bool has_chat_template = false;
  bool has_custom_code = false;  ///< auto_map: asks to run code of the checkpoint

  bool operator==(const TokenizerConfig&) const = default;
};

/// Unknown keys are ignored; a known key of the wrong type, and a duplicate key, throws
/// base::Error(Fault::input) with its JSON path.
TokenizerConfig parse_tokenizer_config(std::string_view text, const std::string& file);

}  // namespace checkpoint
