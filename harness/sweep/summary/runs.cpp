#include "harness/sweep/summary/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/base/error.h"
#include "harness/sweep/identity.h"
#include "harness/sweep/run_directory.h"

namespace sweep {
namespace {

void require_same(const Design& first, const Design& other, const std::string& first_name,
                  const std::string& other_name) {
  base::Problems problems;
  const base::Json ours = comparable_with(other.identity, first.identity);
  for (const auto& [key, value] : ours.items()) {
    const base::Json theirs = other.identity.value(key, base::Json());
    if (value == theirs) continue;
    problems.add("/identity/" + key,
                 fmt::format("is {}, in {} it is {}", theirs.dump(), first_name, value.dump()),
                 "summarize only parts of one experiment together");
  }
  problems.throw_if_any(other_name);
}

/// Whether `row` is to be kept rather than `other`, of the same cell.
bool is_better(const Row& row, const Row& other) {
  if (is_missing(row.status) != is_missing(other.status)) return !is_missing(row.status);
  return to_line(row) < to_line(other);
}

void require_asked(const Design& design, const Row& row) {
  design.method(row.method);
  const bool asked = std::any_of(design.evals.begin(), design.evals.end(), [&](const auto& eval) {
    return eval.is_answered_by(row.protocol);
  });
  if (asked) return;
  throw base::Error(
      base::Fault::input, "rows.jsonl",
      {"/protocol", fmt::format("the experiment does not ask for {}", row.protocol), {}});
}

}  // namespace

Runs read_runs(std::vector<std::filesystem::path> folders) {
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) {
    throw base::Error(base::Fault::input, "", base::Problem{"", "no run directory is given", {}});
  }
  Runs runs;
  runs.design = read_design(folders.front());
  std::map<std::string, Row> cells;
  for (const std::filesystem::path& folder : folders) {
    Design design = read_design(folder);
    require_same(runs.design, design, folders.front().string(), folder.string());
    runs.design.programs.merge(design.programs);
    for (Row& row : read_rows(folder)) {
      require_asked(runs.design, row);
      const auto found = cells.find(row.cell);
      if (found == cells.end()) {
        cells.emplace(row.cell, std::move(row));
      } else if (is_better(row, found->second)) {
        found->second = std::move(row);
      }
    }
  }
  for (auto& [cell, row] : cells) runs.rows.push_back(std::move(row));
  runs.nll = [folders](const Forward& forward) {
    for (const std::filesystem::path& folder : folders) {
      if (std::filesystem::exists(folder / forward.nll_file)) return read_nll(forward, folder);
    }
    throw base::Error(base::Fault::input, (folders.front() / forward.nll_file).string(),
                      {"", "is missing, and a row reads it",
                       "copy the whole run directory, or sweep again to score it anew"});
  };
  return runs;
}

}  // namespace sweep
