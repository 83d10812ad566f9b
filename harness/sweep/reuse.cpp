#include "harness/sweep/reuse.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/sweep/run_directory.h"

namespace sweep {
namespace {

bool is_answer(const Row& row, const std::filesystem::path& run) {
  if (is_missing(row.status)) return false;
  return !row.perplexity ||
         std::all_of(row.perplexity->forwards.begin(), row.perplexity->forwards.end(),
                     [&](const Forward& forward) {
                       return std::filesystem::exists(run / forward.nll_file);
                     });
}

}  // namespace

std::vector<Row> reusable_rows(const Prepared& prepared, const Selection& selection,
                               const Rows& here, const std::filesystem::path& run) {
  if (!std::filesystem::exists(run / "rows.jsonl")) {
    base::reject(run.string(), "", "is no run directory: rows.jsonl is not there",
                 "name a folder that ropewalk sweep wrote");
  }
  Rows there;
  for (Row& row : read_rows(run)) {
    if (is_answer(row, run)) there.insert_or_assign(row.cell, std::move(row));
  }
  std::vector<Row> reused;
  Rows known = here;  // what is taken decides, as if it had been asked here, what is asked next
  Schedule(prepared, selection)
      .run([&]() -> const Rows& { return known; },
           [&](const Turn& turn) {
             if (turn.is_spared || !turn.skipped.empty()) return true;
             for (const Row& cell : turn.group.cells()) {
               const auto found = there.find(cell.cell);
               if (found == there.end() || known.contains(cell.cell)) continue;
               Row row = found->second;
               row.method = cell.method;
               if (row.perplexity) row.perplexity->document = cell.perplexity->document;
               known.emplace(row.cell, row);
               reused.push_back(std::move(row));
             }
             return true;
           });
  return reused;
}

}  // namespace sweep
