#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "harness/checkpoint/audit/claims.h"
#include "harness/checkpoint/audit/settle.h"

namespace audit {
namespace {

constexpr std::string_view config_file = "config.json";

/// Writes findings with what they share.
class Lint {
 public:
  Lint(const Subject& subject, const Structure& structure, const Claims& claims)
      : subject_(subject), structure_(structure), claims_(claims) {}

  void missing_theta() {
    if (!subject_.config || claims_.theta_is_there || claims_.rotary_dim == 0) return;
    add("missing-rope-theta", Severity::warning, "rope_theta", "absent",
        fmt::format("every tool fills in a default of its own (here {}); weights trained with "
                    "another base break far inside their window",
                    claims_.theta),
        "ask the publisher, or sweep the candidates at short lengths");
  }

  void base_change() {
    if (!claims_.theta_is_there || claims_.theta == 10000 || !claims_.scaling.empty()) return;
    add("base-change", Severity::note, "rope_theta", fmt::format("{:.0f}", claims_.theta),
        "a base other than LLaMA's 10000 is itself an extension (adjusted base frequency): \"no "
        "rope_scaling\" does not make this a plain checkpoint of its max_position_embeddings",
        "");
  }

  void stated_beyond_config(std::optional<int64_t> stated) {
    if (!stated || !claims_.max_position) return;
    const bool has_scaling = !claims_.scaling.empty();
    if (*stated <= *claims_.max_position || has_scaling) return;
    add("claim-contradicts-config", Severity::error, "max_position_embeddings",
        fmt::format("{}", *claims_.max_position),
        fmt::format("{} tokens are claimed; the config names {} and no rope_scaling, so nobody who "
                    "loads it as published gets what is claimed",
                    *stated, *claims_.max_position),
        sweep_command(subject_, claims_));
  }

  void beyond_training() {
    if (!claims_.trained || !claims_.claimed || *claims_.claimed <= *claims_.trained) return;
    const ContextNumbers numbers = context_numbers(claims_, structure_);
    std::string why = fmt::format(
        "{:.1f} % of the claimed length was seen in training, if the "
        "trained length is {} ({})",
        100 * numbers.share_trained, *claims_.trained, claims_.trained_because);
    if (numbers.pairs > 0) {
      why += fmt::format(
          "; {} of {} pairs complete their first turn only beyond it: their later "
          "angles were never trained",
          numbers.first_wrapping, numbers.pairs);
    }
    add("claim-beyond-training", Severity::warning, claims_.claimed_because,
        fmt::format("{}", *claims_.claimed), why, sweep_command(subject_, claims_));
  }

  /// A long window without any trace of how it came about.
  void unproven_length() {
    constexpr int64_t ordinary = 8192;
    const bool is_bare = claims_.trained && claims_.claimed == claims_.trained && !claims_.original;
    if (!is_bare || *claims_.trained <= ordinary) return;
    add("length-unproven", Severity::warning, "max_position_embeddings",
        fmt::format("{}", *claims_.trained),
        "the only evidence of this length is the number itself: no original length, no scaling, "
        "and "
        "weights do not show on what lengths they were trained",
        sweep_command(subject_, claims_));
  }

  void two_conventions() {
    if (claims_.scaling.empty() || claims_.original || !claims_.factor || *claims_.factor <= 1 ||
        !claims_.max_position) {
      return;
    }
    const double factor = *claims_.factor;
    const auto position = static_cast<double>(*claims_.max_position);
    add("two-conventions", Severity::warning, "max_position_embeddings",
        fmt::format("{} with {} factor {}", *claims_.max_position, claims_.scaling, factor),
        fmt::format(
            "some publishers write the length before scaling (here: trained {:.0f}, "
            "stretched to {:.0f}), others the length after it (trained {:.0f}, stretched to "
            "{:.0f}); read as: {}",
            position, position * factor, position / factor, position, claims_.trained_because),
        "give trained_length explicitly in the experiment");
  }

  void factor_and_original() {
    if (!claims_.original || !claims_.factor || !claims_.max_position) return;
    const double reach = *claims_.factor * static_cast<double>(*claims_.original);
    if (reach == static_cast<double>(*claims_.max_position)) return;
    add("factor-does-not-give-the-length", Severity::note, "rope_scaling/factor",
        fmt::format("{}", *claims_.factor),
        fmt::format("factor x original length is {:.0f}, max_position_embeddings is {}: the factor "
                    "alone does not explain the claim",
                    reach, *claims_.max_position),
        "");
  }

  void stacked() {
    if (!subject_.config) return;
    const auto condensed = subject_.config->number("rope_condense_ratio");
    if (condensed && *condensed != 1 && !claims_.scaling.empty()) {
      add("stacked-scalings", Severity::warning, "rope_condense_ratio",
          fmt::format("{} beside rope_scaling {}", *condensed, claims_.scaling),
          "two keys say the same thing: a tool that honours both scales twice",
          "remove one of the two");
    }
    constexpr std::array<std::string_view, 3> naive{"linear", "dynamic", "ntk"};
    const bool is_naive = std::find(naive.begin(), naive.end(), claims_.scaling) != naive.end();
    if (is_naive && claims_.theta != 10000) {
      add("stacked-scalings", Severity::warning, "rope_scaling",
          fmt::format("{} on a base of {:.0f}", claims_.scaling, claims_.theta),
          "a raised base already stretches the context: this scaling stretches it again",
          sweep_command(subject_, claims_));
    }
    if (subject_.config->has("rope_scaling") && subject_.config->has("rope_parameters") &&
        subject_.config->json().at("rope_scaling") !=
            subject_.config->json().at("rope_parameters")) {
      add("stacked-scalings", Severity::error, "rope_parameters", "differs from rope_scaling",
          "Transformers 4 reads one of the two, Transformers 5 the other", "keep one of the two");
    }
  }

  void sliding_window() {
    if (!claims_.sliding_window || !claims_.claimed ||
        *claims_.sliding_window >= *claims_.claimed) {
      return;
    }
    add("sliding-window", Severity::warning, "sliding_window",
        fmt::format("{}", *claims_.sliding_window),
        fmt::format(
            "a query sees {} tokens, not the {} that are claimed: what lies further back "
            "reaches it only through the layers in between, and tools that leave the window "
            "out run the model outside its training",
            *claims_.sliding_window, *claims_.claimed),
        sweep_command(subject_, claims_));
  }

  void tokenizer_limit() {
    if (!subject_.tokenizer || !subject_.tokenizer->model_max_length) return;
    const double limit = *subject_.tokenizer->model_max_length;
    if (!claims_.tokenizer_limit) {
      add_tokenizer(Severity::note, fmt::format("{:g}", limit),
                    "means that nobody set it: tools that size their context by it do not limit "
                    "anything");
      return;
    }
    if (claims_.max_position && *claims_.tokenizer_limit != *claims_.max_position) {
      add_tokenizer(
          Severity::warning, fmt::format("{}", *claims_.tokenizer_limit),
          fmt::format("max_position_embeddings says {}: tools size their context by either",
                      *claims_.max_position));
    }
  }

  void stored_frequencies() {
    std::set<std::string> dtypes;
    int64_t count = 0;
    std::string example;
    for (const NamedShape& tensor : subject_.tensors) {
      if (!tensor.name.ends_with("inv_freq")) continue;
      if (count++ == 0) example = tensor.name;
      dtypes.insert(tensor.dtype);
    }
    for (const std::string& dtype : dtypes) {
      std::string why =
          "a stored table overrules rope_theta in tools that load it; it is ignored here "
          "and computed anew";
      const auto error = stored_frequency_error(claims_.theta, claims_.rotary_dim,
                                                claims_.claimed.value_or(0), dtype);
      if (error && *error > 0) {
        why +=
            fmt::format("; rounded to {}, its angles are wrong by up to {:.3g} rad at position {}",
                        dtype, *error, *claims_.claimed);
      }
      findings.push_back({"stored-inv-freq", Severity::warning, subject_.tensors_from, example,
                          fmt::format("{} tensors, {}", count, dtype), why, ""});
    }
  }

  Findings findings;

 private:
  void add(std::string id, Severity severity, std::string key, std::string value, std::string why,
           std::string settle) {
    findings.push_back({std::move(id), severity, std::string(config_file), std::move(key),
                        std::move(value), std::move(why), std::move(settle)});
  }
  void add_tokenizer(Severity severity, std::string value, std::string why) {
    findings.push_back({"tokenizer-limit", severity, "tokenizer_config.json", "model_max_length",
                        std::move(value), std::move(why), ""});
  }

  const Subject& subject_;
  const Structure& structure_;
  const Claims& claims_;
};

}  // namespace

Findings lint_claims(const Subject& subject, const Structure& structure, const Claims& claims,
                     std::optional<int64_t> stated) {
  Lint lint(subject, structure, claims);
  lint.stated_beyond_config(stated);
  lint.beyond_training();
  lint.unproven_length();
  lint.missing_theta();
  lint.base_change();
  lint.two_conventions();
  lint.factor_and_original();
  lint.stacked();
  lint.sliding_window();
  lint.tokenizer_limit();
  lint.stored_frequencies();
  return std::move(lint.findings);
}

}  // namespace audit
