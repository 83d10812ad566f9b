#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "harness/checkpoint/audit/claims.h"
#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/audit/settle.h"
#include "scalings/stated_length.h"

namespace audit {
namespace {

constexpr std::string_view config_file = "config.json";
constexpr double ordinary_base = 10'000;  ///< of RoPE's paper and of LLaMA

/// Writes findings with what they share.
class Lint {
 public:
  Lint(const Subject& subject, const Structure& structure, const Claims& claims)
      : subject_(subject),
        structure_(structure),
        claims_(claims),
        numbers_(context_numbers(claims, structure)) {}

  void missing_theta() {
    if (!subject_.config || claims_.theta_is_there || claims_.rotary_dim == 0) return;
    add("missing-rope-theta", Severity::warning, "rope_theta", "absent",
        fmt::format("every tool fills in a default of its own (here {}); weights trained with "
                    "another base break far inside their window",
                    with_commas(claims_.theta)),
        base_command(subject_, structure_, claims_, {5e5, 1e6, 5e6}));
  }

  void base_change() {
    if (!claims_.theta_is_there || claims_.theta == ordinary_base) return;
    if (claims_.theta < ordinary_base || !claims_.scaling.empty() || claims_.rotary_dim == 0)
      return;
    std::string why =
        "raised from LLaMA's 10,000 (adjusted base frequency, ABF): every pair turns more slowly, "
        "as under a scaling of the context, though rope_scaling names none";
    if (claims_.trained) {
      why += fmt::format(
          "; within {} tokens {} of {} pairs complete a turn, with 10,000 it would be {}",
          with_commas(*claims_.trained), numbers_.turning_when_trained, numbers_.pairs,
          pairs_completing_a_turn(ordinary_base, claims_.rotary_dim, *claims_.trained));
    }
    why += "; no header shows whether training used this base from the start or changed to it";
    add("base-change", Severity::note, "rope_theta", fmt::format("{}", claims_.theta), why,
        base_command(subject_, structure_, claims_, {ordinary_base}));
  }

  void no_length() {
    if (!subject_.config || claims_.rotary_dim == 0 || claims_.max_position || claims_.original) {
      return;
    }
    add("no-context-length", Severity::warning, "max_position_embeddings", "absent",
        "the config names no length: tools fill in a default of their own, and nothing in this "
        "folder supports any length",
        "ask the publisher on what lengths it was trained");
  }

  void stated_beyond_files() {
    if (!claims_.configured || claims_.claimed == claims_.configured) return;
    add("claim-contradicts-config", Severity::error, claims_.configured_because,
        fmt::format("{}", *claims_.configured),
        fmt::format("{} tokens are claimed ({}); the files promise {} and {}, so nobody who loads "
                    "them as published gets what is claimed",
                    with_commas(*claims_.claimed), claims_.claimed_because,
                    with_commas(*claims_.configured),
                    claims_.scaling.empty() ? "no rope_scaling" : "no more by their rope_scaling"),
        sweep());
  }

  void beyond_training() {
    if (!claims_.trained || !claims_.claimed || *claims_.claimed <= *claims_.trained) return;
    std::string why = fmt::format(
        "{:.1f} % of the claimed length was seen in training, if the trained length is {} ({})",
        100 * numbers_.share_trained, with_commas(*claims_.trained), claims_.trained_because);
    if (numbers_.pairs > 0) why += "; " + unseen_angles();
    findings.push_back({"claim-beyond-training", Severity::warning, claims_.claimed_in,
                        claims_.claimed_because, fmt::format("{}", *claims_.claimed), why,
                        sweep()});
  }

  /// A long window without any trace of how it came about.
  void unproven_length() {
    constexpr int64_t ordinary = 8192;
    const bool is_bare = claims_.trained && claims_.claimed == claims_.trained &&
                         !claims_.original && claims_.scaling.empty();
    if (!is_bare || *claims_.trained <= ordinary) return;
    add("length-unproven", Severity::warning, "max_position_embeddings",
        fmt::format("{}", *claims_.trained),
        "the only evidence of this length is the number itself: no original length, no scaling, "
        "and weights do not show on what lengths they were trained",
        sweep());
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
        "ask the publisher which, and give trained_length in the experiment");
  }

  void factor_and_original() {
    if (!claims_.original || !claims_.factor || !claims_.max_position) return;
    // Both are the length before scaling, as in Qwen2.5's YaRN: the factor explains the claim.
    if (claims_.original == claims_.max_position) return;
    const double reach = *claims_.factor * static_cast<double>(*claims_.original);
    if (reach == static_cast<double>(*claims_.max_position)) return;
    const bool is_claimed = reach == static_cast<double>(claims_.configured.value_or(0));
    add("factor-does-not-give-the-length", Severity::note, "rope_scaling/factor",
        fmt::format("{}", *claims_.factor),
        fmt::format("factor x original length is {}, max_position_embeddings is {}: {}",
                    with_commas(reach), with_commas(*claims_.max_position),
                    is_claimed ? "tools size their context by either"
                               : "the factor alone does not explain the claim"),
        "");
  }

  void two_bases() {
    if (!subject_.config) return;
    const base::Json& dict = subject_.config->rope_scaling();
    const auto outer = subject_.config->number("rope_theta");
    if (!outer || !dict.is_object() || !dict.contains("rope_theta")) return;
    const base::Json& inner = dict.at("rope_theta");
    if (!inner.is_number() || inner.get<double>() == *outer) return;
    add("two-bases", Severity::error, "rope_theta",
        fmt::format("{}, and {} in {}", *outer, inner.get<double>(),
                    scalings::rope_dict_name(subject_.config->json())),
        "Transformers 4 computes with the first, Transformers 5 with the second: these are two "
        "models",
        "keep the base that the weights were trained with");
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
    if (is_naive && claims_.theta != ordinary_base) {
      add("stacked-scalings", Severity::warning, "rope_scaling",
          fmt::format("{} on a base of {}", claims_.scaling, with_commas(claims_.theta)),
          "a raised base already stretches the context: this scaling stretches it again", sweep());
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
            with_commas(*claims_.sliding_window), with_commas(*claims_.claimed)),
        sweep());
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
                      with_commas(*claims_.max_position)));
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
                        dtype, *error, with_commas(*claims_.claimed));
      }
      findings.push_back({"stored-inv-freq", Severity::warning, subject_.tensors_from, example,
                          fmt::format("{} tensors, {}", count, dtype), why, ""});
    }
  }

  Findings findings;

 private:
  std::string sweep() const { return sweep_command(subject_, structure_, claims_); }

  /// What happens to the pairs of RoPE between the trained and the claimed length.
  std::string unseen_angles() const {
    const int64_t unfinished = numbers_.pairs - numbers_.turning_when_trained;
    if (!claims_.scaling.empty()) {
      return fmt::format(
          "without its rope_scaling {} of {} pairs would meet angles there that training never "
          "showed; the scaling is meant to prevent that, and no header shows whether the weights "
          "were trained with it",
          unfinished, numbers_.pairs);
    }
    return fmt::format(
        "{} of {} pairs complete no turn within it, so that every angle beyond it is new to them; "
        "{} of these wrap for the first time on the way to the claim",
        unfinished, numbers_.pairs, numbers_.first_wrapping);
  }

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
  const ContextNumbers numbers_;
};

}  // namespace

Findings lint_claims(const Subject& subject, const Structure& structure, const Claims& claims) {
  Lint lint(subject, structure, claims);
  lint.stated_beyond_files();
  lint.beyond_training();
  lint.unproven_length();
  lint.no_length();
  lint.missing_theta();
  lint.base_change();
  lint.two_conventions();
  lint.factor_and_original();
  lint.two_bases();
  lint.stacked();
  lint.sliding_window();
  lint.tokenizer_limit();
  lint.stored_frequencies();
  return std::move(lint.findings);
}

}  // namespace audit
