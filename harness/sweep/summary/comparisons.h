#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evals/stats/proportion.h"
#include "harness/sweep/summary/tables.h"

namespace sweep {

/// One method against the baseline at one length, on what both answered.
struct Comparison {
  const Design::Method* method;
  int64_t length;
  int64_t pairs = 0;                             ///< prompts or documents that both answered
  int64_t excluded = 0;                          ///< those that one of them did not
  std::optional<int64_t> only_method;            ///< prompts that the method alone got right
  std::optional<int64_t> only_baseline;          ///< and those that the baseline alone did
  std::string test;                              ///< empty: none was possible
  std::optional<double> difference;              ///< method minus baseline
  std::optional<evals::stats::Interval> bounds;  ///< of the difference, two-sided at alpha
  std::optional<double> p;                       ///< of no difference, two-sided
};

/// A method and a length that the declared family of a protocol holds.
struct ComparedCell {
  const Design::Method* method;
  int64_t length;
};

/// Every method but the baseline at every planned length that both were asked, in report order: the
/// family is fixed by the experiment, whatever the answers.
template <typename Sheet>
std::vector<ComparedCell> compared_cells(const Design& design, const Sheet& sheet,
                                         const std::vector<int64_t>& planned) {
  std::vector<ComparedCell> cells;
  for (const Design::Method* method : in_report_order(design, sheet.methods)) {
    if (method->name == design.baseline) continue;
    for (const int64_t length : planned) {
      if (sheet.has(method->name, length) && sheet.has(design.baseline, length)) {
        cells.push_back({method, length});
      }
    }
  }
  return cells;
}

/// Adds the family of a protocol to comparison.csv, Holm-adjusted; a comparison without a p-value
/// counts in the family as one that rejects nothing. `unit` is what is paired, `tests` what the
/// text calls the comparisons ("exact McNemar tests").
void add_family(const Design& design, const std::string& protocol, const std::string& unit,
                const std::string& tests, const std::vector<Comparison>& family, Tables& tables);

}  // namespace sweep
