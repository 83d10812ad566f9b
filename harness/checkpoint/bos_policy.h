#pragma once

#include <string_view>

namespace checkpoint {

/// Whether every sequence begins with a BOS token. An automatic BOS makes Yi incoherent and its
/// absence hurts LLaMA, so it is never left to chance: the policy and its outcome are recorded.
enum class BosPolicy {
  automatic,  ///< add_bos_token of tokenizer_config.json; without that key, what the file's
              ///< tokenizer class does by default (LlamaTokenizer: yes)
  always,
  never,
};

/// "auto", "always", "never"; throws base::Error(Fault::input) for anything else.
BosPolicy bos_policy(std::string_view name);
std::string_view name_of(BosPolicy policy);

}  // namespace checkpoint
