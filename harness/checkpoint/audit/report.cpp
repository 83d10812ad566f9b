#include "harness/checkpoint/audit/report.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/checkpoint/audit/consistency.h"
#include "harness/checkpoint/audit/gguf_words.h"
#include "harness/checkpoint/audit/safety.h"

namespace audit {
namespace {

constexpr const char* no_config = "no-config";

Verdict judge(const Examined& examined) {
  if (examined.subject.tensors.empty()) return Verdict::unread;
  if (examined.structure.readings.empty()) return Verdict::unknown;
  if (!is_llama(*examined.structure.readings.front().architecture)) return Verdict::different;
  const bool is_renamed =
      std::any_of(examined.names.begin(), examined.names.end(),
                  [](const NamedRole& name) { return name.role.empty() || name.is_renamed(); });
  return is_renamed ? Verdict::renamed : Verdict::same;
}

/// Nothing of a checkpoint, readable or not, and nothing that could do harm: most likely another
/// folder was meant, one above or below.
bool is_no_checkpoint(const Report& report) {
  const Subject& subject = report.examined.subject;
  if (subject.config || !subject.tensors_from.empty()) return false;
  return std::all_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::note || finding.id == no_config;
  });
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::renamed:
      return "renamed";
    case Verdict::different:
      return "different";
    case Verdict::unknown:
      return "unknown";
    case Verdict::unread:
      return "unread";
  }
  return "";
}

Report make_report(const std::filesystem::path& path, const Options& options) {
  Report report = make_report(examine(path, options.links), options);
  if (is_no_checkpoint(report)) {
    base::reject(path.string(), "",
                 "has neither config.json nor weights: there is nothing to audit",
                 checkpoint::what_to_name);
  }
  return report;
}

Report make_report(Examined examined, const Options& options) {
  Report report;
  report.examined = std::move(examined);
  const Subject& subject = report.examined.subject;
  const Structure& structure = report.examined.structure;
  report.verdict = judge(report.examined);
  const bool is_regular = structure.layers_are_known && structure.irregularity.empty();
  if (report.verdict == Verdict::unknown && is_regular) {
    report.nearest = find_nearest(subject.tensors);
  }
  report.claims = read_claims(subject, options.stated);
  report.numbers = context_numbers(report.claims, structure);
  report.findings = subject.findings;
  for (Findings& more : std::vector<Findings>{check_consistency(subject, structure),
                                              lint_claims(subject, structure, report.claims),
                                              inspect_safety(subject)}) {
    report.findings.insert(report.findings.end(), more.begin(), more.end());
  }
  if (subject.is_gguf) speak_of_gguf(report);
  const bool has_config_file =
      subject.is_gguf || std::find(subject.entries.begin(), subject.entries.end(), "config.json") !=
                             subject.entries.end();
  if (!has_config_file) {
    report.findings.push_back({no_config, Severity::warning, "config.json", "", "absent",
                               "without it nothing is claimed, and nothing can be computed", ""});
  }
  std::stable_sort(
      report.findings.begin(), report.findings.end(),
      [](const Finding& left, const Finding& right) { return left.severity > right.severity; });
  if (options.against) {
    report.against =
        compare(report.examined, examine(*options.against, options.links), options.weights);
  }
  return report;
}

}  // namespace audit
