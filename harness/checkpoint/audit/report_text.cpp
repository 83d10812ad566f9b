#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/audit/report.h"
#include "harness/checkpoint/audit/settle.h"
#include "harness/checkpoint/audit/summary.h"

namespace audit {
namespace {

std::string headline(const Report& report) {
  const auto& names = report.examined.names;
  const auto& readings = report.examined.structure.readings;
  switch (report.verdict) {
    case Verdict::same:
      return report.examined.subject.is_gguf
                 ? "LLaMA's tensors under the names that GGUF has for them"
                 : "LLaMA's tensors under LLaMA's names";
    case Verdict::renamed: {
      int64_t changed = 0;
      int64_t tensors = 0;
      for (const NamedRole& name : names) {
        if (!name.role.empty() && !name.is_renamed()) continue;
        ++changed;
        tensors += name.pattern.count;
      }
      return fmt::format("LLaMA's tensors, {} of {} names changed ({} of {} tensors)", changed,
                         names.size(), tensors, report.examined.subject.tensors.size());
    }
    case Verdict::different:
      return fmt::format("not LLaMA's: {}", readings.front().architecture->family);
    case Verdict::unknown:
      return "none that is known here";
    case Verdict::unread:
      return "unknown: no tensor names and shapes could be read";
  }
  return "";
}

std::string sizes(const Report& report) {
  const Reading& reading = report.examined.structure.readings.front();
  std::string text = fmt::format("{} layers", reading.layers);
  for (size_t i = 0; i < dim_count; ++i) {
    const auto dim = static_cast<Dim>(i);
    if (reading.dims[i] == 0 || dim == Dim::three_hidden || dim == Dim::one) continue;
    text += fmt::format(", {} {}", name_of(dim), reading.dims[i]);
    if (dim == Dim::key_value && reading[Dim::query] > reading[dim]) {
      text += fmt::format(" ({} queries to a key)", reading[Dim::query] / reading[dim]);
    }
  }
  return text + fmt::format("; {} parameters", with_commas(parameters(report.examined.subject)));
}

/// "names (8) and a known alias (2)": what told the roles apart that shapes do not.
std::string grounds(const std::vector<NamedRole>& names) {
  std::map<Ground, int64_t> count;
  for (const NamedRole& name : names) {
    if (name.ground != Ground::shape) ++count[name.ground];
  }
  std::vector<std::string> parts;
  for (const auto& [ground, patterns] : count) {
    parts.push_back(fmt::format("{} ({})", name_of(ground), patterns));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string names_text(const Examined& examined) {
  std::string text;
  for (const NamedRole& name : examined.names) {
    const std::string pattern = printable(name.pattern.text);
    if (name.role.empty()) {
      text += fmt::format("    {} is undecided: one of {{{}}}\n", pattern,
                          fmt::join(name.candidates, ", "));
    } else if (name.is_renamed()) {
      text += fmt::format("    {} is {} ({}, by {})\n", pattern, name.standard_name, name.role,
                          name_of(name.ground));
    }
  }
  return text.empty() ? text : "  Renamed, with the layer's number for {}:\n" + text;
}

std::string nearest_text(const Nearest& nearest) {
  std::vector<std::string> beyond;
  for (const Pattern& pattern : nearest.beyond) beyond.push_back(printable(pattern.text));
  const Architecture& architecture = *nearest.reading.architecture;
  const std::string variant =
      architecture.variant.empty() ? "" : fmt::format(" ({})", architecture.variant);
  return wrapped(fmt::format("Without {} it would be {}{}.", fmt::join(beyond, " and "),
                             architecture.family, variant),
                 "  ");
}

std::string structure_text(const Report& report) {
  const Examined& examined = report.examined;
  std::string text = fmt::format("Structure: {}\n", headline(report));
  if (examined.structure.readings.empty()) {
    if (report.nearest) text += nearest_text(*report.nearest);
    for (const Pattern& pattern : find_patterns(examined.subject.tensors)) {
      text += fmt::format("  {} x {} [{}] {}\n", pattern.count, printable(pattern.text),
                          fmt::join(pattern.shape, ", "), pattern.dtype);
    }
    return text;
  }
  const Architecture& architecture = *examined.structure.readings.front().architecture;
  text += wrapped(fmt::format("Inferred from {} shapes, not from names: {}.",
                              examined.subject.tensors.size(), sizes(report)),
                  "  ");
  if (!architecture.variant.empty()) {
    text += wrapped(fmt::format("Variant: {}.", architecture.variant), "  ");
  }
  if (!architecture.remarks.empty()) {
    text += wrapped(fmt::format("Unlike LLaMA: {}.", architecture.remarks), "  ");
  }
  std::string groups;
  for (const auto& roles : undecided_by_shape(examined.structure)) {
    groups += fmt::format("{}{{{}}}", groups.empty() ? "" : ", ", fmt::join(roles, ", "));
  }
  if (!groups.empty()) {
    text += wrapped(
        fmt::format("No shape tells apart {}. Told apart by: {}.", groups, grounds(examined.names)),
        "  ");
  }
  text += names_text(examined);
  text += wrapped(
      "Shapes show that weights fit an architecture. They show neither what function is "
      "computed with them (config and code decide that) nor whose weights they are.",
      "  ");
  return text;
}

/// A size in the unit in which it is no fraction: tiny models have keys and values of kilobytes.
std::string in_bytes(int64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size >= 1e9) return fmt::format("{:.1f} GB", size / 1e9);
  if (size >= 1e6) return fmt::format("{:.1f} MB", size / 1e6);
  return fmt::format("{:.1f} kB", size / 1e3);
}

std::string context_text(const Report& report) {
  const Claims& claims = report.claims;
  const ContextNumbers& numbers = report.numbers;
  if (!claims.trained && !claims.claimed && numbers.pairs == 0) return "";
  std::string text = "\nContext\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<30} {}\n", label, value);
  };
  const auto length = [](std::optional<int64_t> tokens, const std::string& because) {
    return tokens ? fmt::format("{} ({})", with_commas(*tokens), because) : "nothing says";
  };
  line("trained length, inferred", length(claims.trained, claims.trained_because));
  line("claimed length",
       length(claims.claimed, printable(claims.claimed_in + ": " + claims.claimed_because)));
  if (numbers.pairs > 0) {
    line("base of RoPE", with_commas(claims.theta) +
                             (claims.theta_is_there ? "" : " (default: rope_theta is absent)"));
    line("rope_scaling",
         claims.scaling.empty() ? "none"
         : claims.factor ? fmt::format("{}, factor {}", printable(claims.scaling), *claims.factor)
                         : printable(claims.scaling));
  }
  if (numbers.pairs > 0 && claims.trained && claims.claimed) {
    line("pairs completing a turn",
         fmt::format(
             "{} of {} within the trained length, {} within the claim; {} first wrap between{}",
             numbers.turning_when_trained, numbers.pairs, numbers.turning_at_claim,
             numbers.first_wrapping, claims.scaling.empty() ? "" : " (without rope_scaling)"));
  }
  if (numbers.kv_bytes_at_claim > 0) {
    line("keys and values at the claim", in_bytes(numbers.kv_bytes_at_claim) + " in 16 bits");
  }
  if (numbers.share_trained > 0) {
    line("share of the claim trained",
         fmt::format("{:.1f} %, if that was the trained length", 100 * numbers.share_trained));
  }
  return text;
}

std::string findings_text(const Report& report) {
  if (report.findings.empty()) return "\nFindings: none\n";
  std::string text = "\nFindings\n";
  std::map<std::string, std::string_view> printed;  // command -> the finding that it stands at
  for (const Finding& finding : report.findings) {
    std::string evidence = finding.file;
    if (!finding.key.empty()) evidence += (evidence.empty() ? "" : ": ") + finding.key;
    if (!finding.value.empty()) evidence += (evidence.empty() ? "" : ": ") + finding.value;
    text += fmt::format("  {} {}\n", name_of(finding.severity), finding.id);
    text += wrapped(printable(evidence), "    ");
    text += wrapped(printable(finding.why), "    ");
    if (finding.settle.empty()) continue;
    const auto [at, is_new] = printed.try_emplace(finding.settle, finding.id);
    if (!is_command(finding.settle)) {
      text += wrapped("To settle it: " + printable(finding.settle), "    ");
    } else if (is_new) {
      text +=
          fmt::format("    To settle it, with the weights:\n    {}\n", printable(finding.settle));
    } else {
      text += fmt::format("    To settle it: the command of {}\n", at->second);
    }
  }
  return text;
}

std::string differences_text(std::string_view title, const std::vector<Difference>& differences) {
  if (differences.empty()) return fmt::format("  {}: none differ\n", title);
  std::string text = fmt::format("  {}:\n", title);
  for (const Difference& difference : differences) {
    const auto side = [](const std::string& value) {
      return value.empty() ? "absent" : printable(value);
    };
    text += fmt::format("    {}: {} | {}\n", printable(difference.what), side(difference.first),
                        side(difference.second));
  }
  return text;
}

/// NaN, the cosine of a tensor of zeros, sorts before everything.
double sortable(double cosine) { return std::isnan(cosine) ? -2 : cosine; }

std::string weights_text(const Comparison& comparison) {
  if (comparison.tensors.empty()) return "";
  std::vector<TensorSimilarity> by_cosine = comparison.tensors;
  std::stable_sort(by_cosine.begin(), by_cosine.end(),
                   [](const TensorSimilarity& left, const TensorSimilarity& right) {
                     return sortable(left.cosine) < sortable(right.cosine);
                   });
  const auto half = by_cosine.begin() + std::ssize(by_cosine) / 2;
  std::string text =
      fmt::format("  {} tensors compared: cosine {:.6f} at the lowest, {:.6f} in the middle\n",
                  by_cosine.size(), by_cosine.front().cosine, half->cosine);
  constexpr int64_t most = 12;
  int64_t changed = 0;
  for (const TensorSimilarity& tensor : by_cosine) {
    if (tensor.is_equal || ++changed > most) continue;
    text += fmt::format("    {}: cosine {:.6f}, scale {:.6f}\n", printable(tensor.name),
                        tensor.cosine, tensor.scale);
  }
  if (changed > most) {
    text += fmt::format("    and {} more that differ; --json has all\n", changed - most);
  }
  return text;
}

std::string against_text(const Comparison& comparison) {
  const std::string_view structure = comparison.same_shapes      ? "the same, in the same sizes"
                                     : comparison.same_structure ? "the same, in other sizes"
                                     : comparison.same_family    ? "the same, in another variant"
                                                                 : "different";
  std::string text = fmt::format("\nAgainst {}\n", printable(comparison.against));
  text += fmt::format("  structure: {}\n", structure);
  text += wrapped("model: " + comparison.model, "  ");
  text += differences_text("sizes", comparison.sizes);
  text += differences_text("names", comparison.names);
  text += differences_text("config", comparison.config);
  if (comparison.weights_were_compared) text += weights_text(comparison);
  return text;
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = printable(report.examined.subject.path) + "\n\n";
  text += structure_text(report) + context_text(report) + findings_text(report);
  if (report.against) text += against_text(*report.against);
  return text;
}

}  // namespace audit
