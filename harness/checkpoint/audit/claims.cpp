#include "harness/checkpoint/audit/claims.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <numbers>

#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/llama_families.h"
#include "scalings/stated_length.h"

namespace audit {
namespace {

using scalings::original_length_key;

constexpr int64_t longest = int64_t{1} << 40;

/// The first of these keys that holds a length.
std::optional<int64_t> length(const checkpoint::RawConfig& config,
                              std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto value = config.integer(key);
    if (value && *value > 0 && *value < longest) return value;
  }
  return {};
}

std::optional<double> number(const base::Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return {};
  return found->get<double>();
}

std::string scaling_type(const checkpoint::RawConfig& config) {
  const base::Json& scaling = config.rope_scaling();
  if (!scaling.is_object()) return scaling.is_null() ? "" : "not an object";
  if (const auto type = config.rope_type()) return *type == "default" ? "" : *type;
  // rope_parameters may hold nothing but the base.
  return scaling.contains("factor") ? "untyped" : "";
}

/// What the family's class takes; LLaMA's where the family is not in the table.
double default_theta(const checkpoint::RawConfig& config) {
  const auto* family = checkpoint::find_llama_family(config.text("model_type").value_or(""));
  return (family ? *family : checkpoint::llama_families().front()).rope_theta;
}

int64_t rotary_dim(const checkpoint::RawConfig& config) {
  if (config.text("model_type") == "gpt2" || config.boolean("alibi").value_or(false)) return 0;
  if (const auto dim = config.integer("rotary_dim")) return std::clamp<int64_t>(*dim, 0, 65536);
  int64_t head_dim = config.integer("head_dim").value_or(0);
  if (head_dim <= 0) {
    const auto hidden = length(config, {"hidden_size", "n_embd"});
    const auto heads = length(config, {"num_attention_heads", "n_head"});
    head_dim = hidden && heads ? *hidden / *heads : 0;
  }
  // A proportional RoPE has pairs of the whole head, of which that part turns.
  const double share =
      config.rope_type() == "proportional"
          ? 1
          : config.number("partial_rotary_factor")
                .value_or(number(config.rope_scaling(), "partial_rotary_factor").value_or(1));
  const double dim = static_cast<double>(std::clamp<int64_t>(head_dim, 0, 65536)) * share;
  return dim >= 2 && dim <= 65536 ? static_cast<int64_t>(dim) / 2 * 2 : 0;
}

/// What so many tokens become by the factor.
int64_t stretched(const Claims& claims, int64_t tokens) {
  const double reach = static_cast<double>(tokens) * claims.factor.value_or(1);
  return static_cast<int64_t>(std::clamp(reach, 0.0, static_cast<double>(longest)));
}

/// What the family does with the two conventions of max_position_embeddings.
void read_trained_length(Claims& claims) {
  if (claims.original) {
    claims.trained = claims.original;
    claims.trained_because = original_length_key;
  } else if (claims.max_position && claims.factor && *claims.factor > 1 &&
             !claims.scaling.empty()) {
    const bool is_before =
        claims.scaling == "dynamic" ||
        (claims.max_sequence && *claims.max_sequence == stretched(claims, *claims.max_position));
    const double divided = static_cast<double>(*claims.max_position) / *claims.factor;
    claims.trained =
        is_before ? *claims.max_position : std::max<int64_t>(1, static_cast<int64_t>(divided));
    claims.trained_because = is_before ? "max_position_embeddings, before rope_scaling"
                                       : "max_position_embeddings divided by the factor";
    if (is_before) {
      claims.claimed = stretched(claims, *claims.max_position);
      claims.claimed_because = "max_position_embeddings times the factor";
      claims.claimed_in = "config.json";
    }
  } else {
    claims.trained = claims.max_position;
    claims.trained_because = claims.scaling.empty()
                                 ? "max_position_embeddings, without rope_scaling"
                                 : "max_position_embeddings";
  }
}

void raise_claim(Claims& claims, std::optional<int64_t> length, std::string because,
                 std::string file) {
  if (!length || (claims.claimed && *claims.claimed >= *length)) return;
  claims.claimed = length;
  claims.claimed_because = std::move(because);
  claims.claimed_in = std::move(file);
}

/// What the original length becomes by the factor, where that is a ratio of lengths: Qwen2.5's YaRN
/// beside a max_position_embeddings of before it. Llama 3's factor is none (32 in Llama 3.2, for 16
/// times the length), and LongRoPE's max_position_embeddings is the length after it by definition.
std::optional<int64_t> stretched_original(const Claims& claims) {
  constexpr std::array<std::string_view, 3> no_ratio{"llama3", "longrope", "su"};
  const bool is_ratio = !claims.scaling.empty() && std::find(no_ratio.begin(), no_ratio.end(),
                                                             claims.scaling) == no_ratio.end();
  if (!claims.original || !is_ratio || claims.factor.value_or(1) <= 1) return {};
  return stretched(claims, *claims.original);
}

/// Rows that one token's key takes in a layer, read from the shapes.
int64_t key_rows(const Reading& reading) {
  if (reading[Dim::key_value] > 0) return reading[Dim::key_value];
  if (reading[Dim::fused] > 0) return (reading[Dim::fused] - reading[Dim::hidden]) / 2;
  return reading[Dim::hidden];
}

}  // namespace

Claims read_claims(const Subject& subject, std::optional<int64_t> stated) {
  Claims claims;
  if (subject.config) {
    const checkpoint::RawConfig& config = *subject.config;
    const base::Json& scaling = config.rope_scaling();
    claims.max_position =
        length(config, {"max_position_embeddings", "n_positions", "seq_length", "n_ctx"});
    claims.max_sequence = length(config, {"max_sequence_length"});
    base::Problems unreadable;  // reads as absent
    const auto before = scalings::length_before_scaling(config.json(), unreadable);
    if (before && before->key == original_length_key) claims.original = before->tokens;
    const auto window = checkpoint::sliding_window(config);
    if (window && *window > 0 && *window < longest) claims.sliding_window = window;
    claims.scaling = scaling_type(config);
    claims.factor = number(scaling, "factor");
    const auto theta = config.rope_theta();
    claims.theta_is_there = theta && *theta > 1;
    claims.theta = claims.theta_is_there ? *theta : default_theta(config);
    claims.rotary_dim = rotary_dim(config);
    read_trained_length(claims);
    raise_claim(claims, claims.max_position, "max_position_embeddings", "config.json");
    raise_claim(claims, claims.max_sequence, "max_sequence_length", "config.json");
    raise_claim(claims, stretched_original(claims),
                std::string(original_length_key) + " times the factor", "config.json");
  }
  if (subject.tokenizer && subject.tokenizer->model_max_length) {
    const double limit = *subject.tokenizer->model_max_length;
    if (limit >= 1 && limit < 1e9) claims.tokenizer_limit = static_cast<int64_t>(limit);
    raise_claim(claims, claims.tokenizer_limit, "model_max_length", "tokenizer_config.json");
  }
  claims.configured = claims.claimed;
  claims.configured_because = claims.claimed_because;
  for (const Statement& statement : subject.statements) {
    raise_claim(claims, statement.length, statement.source, "claims.json");
  }
  raise_claim(claims, stated, "as stated", "--claims");
  return claims;
}

int64_t pairs_completing_a_turn(double theta, int64_t rotary_dim, int64_t length) {
  int64_t pairs = 0;
  for (int64_t i = 0; 2 * i < rotary_dim; ++i) {
    const double exponent = 2 * static_cast<double>(i) / static_cast<double>(rotary_dim);
    const double wavelength = 2 * std::numbers::pi * std::pow(theta, exponent);
    if (wavelength <= static_cast<double>(length)) ++pairs;
  }
  return pairs;
}

std::optional<double> stored_frequency_error(double theta, int64_t rotary_dim, int64_t position,
                                             std::string_view dtype) {
  double worst = 0;
  for (int64_t i = 0; 2 * i < rotary_dim; ++i) {
    const double exact =
        std::pow(theta, -2 * static_cast<double>(i) / static_cast<double>(rotary_dim));
    const auto single = static_cast<float>(exact);
    double stored = 0;
    if (dtype == "F32") {
      stored = single;
    } else if (dtype == "BF16") {
      stored = static_cast<double>(static_cast<float>(Eigen::bfloat16(single)));
    } else if (dtype == "F16") {
      stored = static_cast<double>(static_cast<float>(Eigen::half(single)));
    } else {
      return {};
    }
    worst = std::max(worst, std::abs(stored - exact) * static_cast<double>(position));
  }
  return worst;
}

ContextNumbers context_numbers(const Claims& claims, const Structure& structure) {
  ContextNumbers numbers;
  const int64_t trained = claims.trained.value_or(0);
  const int64_t claimed = claims.claimed.value_or(0);
  numbers.pairs = claims.rotary_dim / 2;
  numbers.turning_when_trained = pairs_completing_a_turn(claims.theta, claims.rotary_dim, trained);
  numbers.turning_at_claim = pairs_completing_a_turn(claims.theta, claims.rotary_dim, claimed);
  numbers.first_wrapping =
      std::max<int64_t>(0, numbers.turning_at_claim - numbers.turning_when_trained);
  if (trained > 0 && claimed > 0) {
    numbers.share_trained =
        std::min(1.0, static_cast<double>(trained) / static_cast<double>(claimed));
  }
  if (!structure.readings.empty()) {
    const Reading& reading = structure.readings.front();
    constexpr int64_t keys_and_values = 2;
    constexpr int64_t bytes = 2;
    int64_t total = keys_and_values * bytes;
    for (const int64_t factor : {reading.layers, key_rows(reading), claimed}) {
      if (__builtin_mul_overflow(total, factor, &total)) total = 0;
    }
    numbers.kv_bytes_at_claim = total;
  }
  return numbers;
}

}  // namespace audit
