#include "harness/sweep/summary/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "harness/base/file.h"
#include "harness/sweep/summary/methods_text.h"
#include "harness/sweep/summary/tables.h"

namespace sweep {
namespace {

void warn_of_mixed_numerics(const Runs& runs, Tables& tables) {
  const std::vector<std::string> numerics = numerics_of(runs);
  if (numerics.size() > 1) {
    tables.warnings.push_back(fmt::format("rows of different numerics stand in one summary: {}",
                                          fmt::join(numerics, "; ")));
  }
}

void warn_of_unanswered_evals(const Runs& runs, Tables& tables) {
  for (const Design::Asked& asked : runs.design.evals) {
    bool answered = false;
    for (const Row& row : runs.rows) answered = answered || asked.is_answered_by(row.protocol);
    if (!answered) {
      tables.warnings.push_back(fmt::format("{}: asked for, but not run yet", asked.protocol));
    }
  }
}

/// Why no member of a grid is called the best.
void explain_grids(const Design& design, Tables& tables) {
  std::map<std::string, std::vector<std::string>> grids;
  for (const Design::Method& method : design.methods) {
    if (!method.grid.empty()) grids[method.grid].push_back(method.name);
  }
  for (const auto& [grid, members] : grids) {
    tables.text += fmt::format(
        "{} is a grid of {}: its best member is not named, since a maximum chosen from these rows "
        "would be reported too high. Run the chosen one under another seed and on other "
        "documents.\n",
        grid, members.size());
  }
}

}  // namespace

Summary summarize(const Runs& runs) {
  const auto retrieval = retrieval_sheets(runs);
  const auto perplexity = perplexity_sheets(runs);
  Tables tables;
  warn_of_mixed_numerics(runs, tables);
  warn_of_unanswered_evals(runs, tables);
  for (const RetrievalSheet& sheet : retrieval) add_retrieval(runs.design, sheet, tables);
  for (const PerplexitySheet& sheet : perplexity) add_perplexity(runs, sheet, tables);
  if (!retrieval.empty()) {
    tables.text +=
        "* not distinguishable from the best of those asked every trial; n/c: these trials cannot "
        "certify; -: none\n";
  }
  explain_grids(runs.design, tables);
  return {tables.summary.csv(),
          tables.effective_length.csv(),
          tables.comparison.csv(),
          tables.position_nll.csv(),
          methods_text(runs, retrieval, perplexity),
          tables.text,
          tables.warnings};
}

void write_summary(const Summary& summary, const std::filesystem::path& folder) {
  base::write_file_atomically(folder / "summary.csv", summary.summary_csv);
  base::write_file_atomically(folder / "effective_length.csv", summary.effective_length_csv);
  base::write_file_atomically(folder / "comparison.csv", summary.comparison_csv);
  base::write_file_atomically(folder / "position_nll.csv", summary.position_nll_csv);
  base::write_file_atomically(folder / "methods.txt", summary.methods_txt);
}

}  // namespace sweep
