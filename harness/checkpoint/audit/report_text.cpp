#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/checkpoint/audit/report.h"
#include "harness/checkpoint/audit/summary.h"

namespace audit {
namespace {

/// 34388917248 -> "34,388,917,248".
std::string grouped(int64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto at = std::ssize(text) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

/// Names and values from a hostile file must not break lines or speak to the terminal.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7F ? fmt::format("\\x{:02x}", code) : std::string(1, c);
  }
  return out;
}

/// Breaks a sentence into lines of at most 100 columns; a command to paste stays whole.
std::string wrapped(std::string_view text, std::string_view indent) {
  constexpr size_t columns = 100;
  std::string out;
  std::string line(indent);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (line.size() > indent.size() && line.size() + 1 + word.size() > columns) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
    begin = end + 1;
  }
  return out + line + "\n";
}

std::string headline(const Report& report) {
  const auto& names = report.examined.names;
  const auto& readings = report.examined.structure.readings;
  switch (report.verdict) {
    case Verdict::same:
      return "LLaMA's tensors under LLaMA's names";
    case Verdict::renamed: {
      const auto changed = std::count_if(names.begin(), names.end(), [](const NamedRole& name) {
        return name.role.empty() || name.is_renamed();
      });
      return fmt::format("LLaMA's tensors, {} of {} names changed", changed, names.size());
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
    if (reading.dims[i] == 0 || dim == Dim::three_hidden) continue;
    text += fmt::format(", {} {}", name_of(dim), reading.dims[i]);
    if (dim == Dim::key_value && reading[Dim::query] > reading[dim]) {
      text += fmt::format(" ({} queries to a key)", reading[Dim::query] / reading[dim]);
    }
  }
  return text + fmt::format("; {} parameters", grouped(parameters(report.examined.subject)));
}

std::string structure_text(const Report& report) {
  const Examined& examined = report.examined;
  std::string text = fmt::format("Structure: {}\n", headline(report));
  if (examined.structure.readings.empty()) {
    for (const Pattern& pattern : find_patterns(examined.subject.tensors)) {
      text += fmt::format("  {} x {} [{}] {}\n", pattern.count, plain(pattern.text),
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
    text += wrapped(fmt::format("No shape tells apart: {}; names or order do.", groups), "  ");
  }
  for (const NamedRole& name : examined.names) {
    if (name.role.empty()) {
      text += fmt::format("  {}: undecided, one of {{{}}}\n", plain(name.pattern.text),
                          fmt::join(name.candidates, ", "));
    } else if (name.is_renamed()) {
      text += fmt::format("  {} stands for {} ({}, by {})\n", plain(name.pattern.text),
                          name.standard_name, name.role, name_of(name.ground));
    }
  }
  text += wrapped(
      "Shapes show that weights fit an architecture. They show neither what function is "
      "computed with them (config and code decide that) nor whose weights they are.",
      "  ");
  return text;
}

std::string context_text(const Report& report) {
  const Claims& claims = report.claims;
  const ContextNumbers& numbers = report.numbers;
  if (!claims.trained && !claims.claimed) return "";
  std::string text = "\nContext\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<30} {}\n", label, value);
  };
  if (claims.trained) {
    line("trained length", fmt::format("{} ({})", *claims.trained, claims.trained_because));
  }
  if (claims.claimed) {
    line("claimed length", fmt::format("{} ({})", *claims.claimed, claims.claimed_because));
  }
  if (numbers.pairs > 0) {
    line("base of RoPE",
         fmt::format("{:.0f}{}", claims.theta,
                     claims.theta_is_there ? "" : " (default: rope_theta is absent)"));
    line("rope_scaling", claims.scaling.empty() ? "none"
                         : claims.factor
                             ? fmt::format("{}, factor {}", claims.scaling, *claims.factor)
                             : claims.scaling);
    line("pairs completing a turn",
         fmt::format(
             "{} of {} within the trained length, {} within the claim; {} first wrap between",
             numbers.turning_when_trained, numbers.pairs, numbers.turning_at_claim,
             numbers.first_wrapping));
  }
  if (numbers.kv_bytes_at_claim > 0) {
    line("keys and values at the claim",
         fmt::format("{:.1f} GB in 16 bits", static_cast<double>(numbers.kv_bytes_at_claim) / 1e9));
  }
  if (numbers.share_trained > 0) {
    line("share of the claim trained", fmt::format("{:.1f} %", 100 * numbers.share_trained));
  }
  return text;
}

std::string findings_text(const Report& report) {
  if (report.findings.empty()) return "\nFindings: none\n";
  std::string text = "\nFindings\n";
  for (const Finding& finding : report.findings) {
    std::string evidence = finding.file;
    if (!finding.key.empty()) evidence += (evidence.empty() ? "" : ": ") + finding.key;
    if (!finding.value.empty()) evidence += (evidence.empty() ? "" : ": ") + finding.value;
    text += fmt::format("  {} {}\n", name_of(finding.severity), finding.id);
    text += wrapped(plain(evidence), "    ");
    text += wrapped(plain(finding.why), "    ");
    const bool is_command = finding.settle.starts_with("printf ");
    if (is_command) {
      text += fmt::format("    To settle it:\n    {}\n", plain(finding.settle));
    } else if (!finding.settle.empty()) {
      text += wrapped("To settle it: " + plain(finding.settle), "    ");
    }
  }
  return text;
}

std::string differences_text(std::string_view title, const std::vector<Difference>& differences) {
  if (differences.empty()) return fmt::format("  {}: none differ\n", title);
  std::string text = fmt::format("  {}:\n", title);
  for (const Difference& difference : differences) {
    const auto side = [](const std::string& value) {
      return value.empty() ? "absent" : plain(value);
    };
    text += fmt::format("    {}: {} | {}\n", plain(difference.what), side(difference.first),
                        side(difference.second));
  }
  return text;
}

std::string weights_text(const Comparison& comparison) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const TensorSimilarity& tensor : comparison.tensors)
    lowest = std::min(lowest, tensor.cosine);
  std::string text = fmt::format("  {} tensors compared, lowest cosine {:.6f}\n",
                                 comparison.tensors.size(), lowest);
  std::vector<TensorSimilarity> changed;
  for (const TensorSimilarity& tensor : comparison.tensors) {
    if (!tensor.is_equal) changed.push_back(tensor);
  }
  std::stable_sort(changed.begin(), changed.end(),
                   [](const TensorSimilarity& left, const TensorSimilarity& right) {
                     return left.cosine < right.cosine;
                   });
  constexpr size_t most = 12;
  for (size_t i = 0; i < std::min(most, changed.size()); ++i) {
    text += fmt::format("    {}: cosine {:.6f}, scale {:.6f}\n", plain(changed[i].name),
                        changed[i].cosine, changed[i].scale);
  }
  if (changed.size() > most) {
    text += fmt::format("    and {} more; --json has all\n", changed.size() - most);
  }
  return text;
}

std::string against_text(const Comparison& comparison) {
  std::string text = fmt::format("\nAgainst {}\n", comparison.against);
  text += fmt::format("  structure: {}\n", comparison.same_shapes ? "the same, in the same sizes"
                                           : comparison.same_structure ? "the same, in other sizes"
                                                                       : "different");
  text += fmt::format("  model: {}\n", comparison.model);
  text += differences_text("sizes", comparison.sizes);
  text += differences_text("names", comparison.names);
  text += differences_text("config", comparison.config);
  if (comparison.weights_were_compared) text += weights_text(comparison);
  return text;
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = report.examined.subject.path + "\n\n";
  text += structure_text(report) + context_text(report) + findings_text(report);
  if (report.against) text += against_text(*report.against);
  return text;
}

}  // namespace audit
