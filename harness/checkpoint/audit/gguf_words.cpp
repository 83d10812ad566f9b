#include "harness/checkpoint/audit/gguf_words.h"

#include <array>
#include <string_view>
#include <utility>

namespace audit {
namespace {

/// Longer words first: some hold others.
constexpr auto words = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"original_max_position_embeddings", "llama.rope.scaling.original_context_length"},
    {"max_position_embeddings", "llama.context_length"},
    {"rope_scaling/factor", "llama.rope.scaling.factor"},
    {"rope_scaling", "llama.rope.scaling.type"},
    {"rope_theta", "llama.rope.freq_base"},
    {"num_hidden_layers", "llama.block_count"},
    {"hidden_size", "llama.embedding_length"},
    {"intermediate_size", "llama.feed_forward_length"},
    {"num_attention_heads", "llama.attention.head_count"},
    {"num_key_value_heads", "llama.attention.head_count_kv"},
    {"chat_template", "tokenizer.chat_template"},
});

std::string reworded(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    std::string_view from = rest.substr(0, 1);
    std::string_view to = from;
    for (const auto& [key, name] : words) {
      if (!rest.starts_with(key)) continue;
      from = key;
      to = name;
      break;
    }
    out += to;
    at += from.size();
  }
  return out;
}

}  // namespace

void speak_of_gguf(Report& report) {
  const std::string& file = report.examined.subject.tensors_from;
  const auto is_of_folder = [](const std::string& name) {
    return name == "config.json" || name == "tokenizer_config.json";
  };
  for (Finding& finding : report.findings) {
    if (is_of_folder(finding.file)) finding.file = file;
    // What the file itself says has its own words already.
    if (finding.id == "unreadable") continue;
    finding.key = reworded(finding.key);
    finding.why = reworded(finding.why);
  }
  Claims& claims = report.claims;
  if (is_of_folder(claims.claimed_in)) claims.claimed_in = file;
  for (std::string* text :
       {&claims.trained_because, &claims.configured_because, &claims.claimed_because}) {
    *text = reworded(*text);
  }
}

}  // namespace audit
