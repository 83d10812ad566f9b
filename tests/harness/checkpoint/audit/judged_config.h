#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "harness/base/json.h"
#include "harness/checkpoint/audit/claims.h"

/// What a config.json claims, and what is to be said about it.
namespace audit {

/// Llama-2-7B's, as far as its context goes.
inline base::Json llama_2() {
  return {{"model_type", "llama"},          {"hidden_size", 4096}, {"num_attention_heads", 32},
          {"num_key_value_heads", 32},      {"rope_theta", 1e4},   {"rope_scaling", nullptr},
          {"max_position_embeddings", 4096}};
}

inline base::Json with(base::Json config, const base::Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return config;
}

struct Judged {
  Claims claims;
  Findings findings;

  const Finding* find(std::string_view id) const {
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&](const Finding& finding) { return finding.id == id; });
    return found == findings.end() ? nullptr : &*found;
  }
};

/// `stated` and `model_max_length` are lengths that --claims and the tokenizer name.
inline Judged judge(const base::Json& config, std::optional<int64_t> stated = {},
                    std::optional<double> model_max_length = {}) {
  Subject subject;
  subject.path = "c";
  subject.config = checkpoint::RawConfig::parse(config.dump(), "config.json");
  if (model_max_length) {
    subject.tokenizer.emplace();
    subject.tokenizer->model_max_length = model_max_length;
  }
  Judged judged;
  judged.claims = read_claims(subject, stated);
  judged.findings = lint_claims(subject, {}, judged.claims);
  return judged;
}

}  // namespace audit
