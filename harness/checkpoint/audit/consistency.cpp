#include "harness/checkpoint/audit/consistency.h"

#include <fmt/format.h>

#include <optional>

namespace audit {
namespace {

std::optional<int64_t> head_dim(const checkpoint::RawConfig& config) {
  if (const auto dim = config.integer("head_dim")) return dim;
  const auto hidden = config.integer("hidden_size");
  const auto heads = config.integer("num_attention_heads");
  if (!hidden || !heads || *heads <= 0) return {};
  return *hidden / *heads;
}

/// heads x head_dim, as the config says it.
std::optional<int64_t> rows(const checkpoint::RawConfig& config, const char* heads_key) {
  const auto heads = config.integer(heads_key);
  const auto dim = head_dim(config);
  int64_t product = 0;
  if (!heads || !dim || __builtin_mul_overflow(*heads, *dim, &product)) return {};
  return product;
}

/// Entries of a stored rotary table.
std::optional<int64_t> rotary_entries(const checkpoint::RawConfig& config) {
  const auto dim = head_dim(config);
  if (!dim || config.has("partial_rotary_factor")) return {};
  return *dim / 2;
}

}  // namespace

Findings check_consistency(const Subject& subject, const Structure& structure) {
  Findings findings;
  if (!structure.irregularity.empty()) {
    findings.push_back({"irregular-layers", Severity::error, subject.tensors_from, "", "",
                        structure.irregularity, "check that every shard is there"});
  }
  if (!subject.config || structure.readings.empty()) return findings;
  const checkpoint::RawConfig& config = *subject.config;
  const Reading& reading = structure.readings.front();
  const auto check = [&](const char* key, std::optional<int64_t> said, int64_t found) {
    if (!said || found == 0 || *said == found) return;
    findings.push_back({"config-contradicts-tensors", Severity::error, "config.json", key,
                        fmt::format("{}", *said), fmt::format("the tensors' shapes say {}", found),
                        "this config belongs to other weights"});
  };
  check("num_hidden_layers", config.integer("num_hidden_layers"), reading.layers);
  check("hidden_size", config.integer("hidden_size"), reading[Dim::hidden]);
  check("vocab_size", config.integer("vocab_size"), reading[Dim::vocabulary]);
  if (!is_llama(*reading.architecture)) return findings;
  check("intermediate_size", config.integer("intermediate_size"), reading[Dim::intermediate]);
  check("num_attention_heads x head_dim", rows(config, "num_attention_heads"), reading[Dim::query]);
  check("num_key_value_heads x head_dim", rows(config, "num_key_value_heads"),
        reading[Dim::key_value]);
  check("head_dim / 2", rotary_entries(config), reading[Dim::frequencies]);
  return findings;
}

}  // namespace audit
