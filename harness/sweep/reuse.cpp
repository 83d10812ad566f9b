#include "harness/sweep/reuse.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/identity.h"
#include "harness/sweep/run_directory.h"

namespace sweep {
namespace {

base::Json read(const std::filesystem::path& file) {
  return base::parse_json(base::read_file(file), file.string());
}

/// What a run states of how it computed must be what is stated here: cells do not say it.
void require_same_computation(const Prepared& prepared, const std::filesystem::path& run) {
  const std::filesystem::path file = run / "manifest.json";
  const base::Json there = read(file).value("identity", base::Json());
  const base::Json here = prepared.identity();
  base::Problems problems;
  for (const char* key : stated_lately) {
    if (!there.contains(key) || there.at(key) == here.at(key)) continue;
    problems.add(
        fmt::format("/identity/{}", key),
        fmt::format("is {}, in this experiment {}", there.at(key).dump(), here.at(key).dump()),
        "its answers are those of another computation: leave out this --from");
  }
  problems.throw_if_any(file.string());
}

/// The text that a trial's hay is cut from, as this experiment names it.
std::string source_of(const Prepared& prepared, size_t eval, const Row& cell,
                      const std::string& named_there) {
  const Eval& asked = prepared.experiment().evals[eval];
  if (asked.retrieval->hay.empty()) return named_there;  // units have no names
  const bool is_absolute = asked.retrieval->placement == evals::Placement::absolute;
  return prepared
      .prompt(eval, is_absolute ? asked.lengths.front() : cell.length, cell.retrieval->trial)
      .source;
}

/// The line that would stand here if the cell had been asked here: names, and the place in the
/// design of depths, are this experiment's.
Row as_asked_here(Row row, const Prepared& prepared, size_t eval, const Row& cell) {
  row.method = cell.method;
  if (row.perplexity) row.perplexity->document = cell.perplexity->document;
  if (row.retrieval) {
    row.retrieval->depth_index = cell.retrieval->depth_index;
    row.retrieval->source = source_of(prepared, eval, cell, row.retrieval->source);
  }
  return row;
}

}  // namespace

std::vector<Row> reusable_rows(const Prepared& prepared, const Selection& selection,
                               const Rows& here, const std::filesystem::path& run) {
  require_run(run);
  require_same_computation(prepared, run);
  const Rows there = answers(run);
  std::vector<Row> reused;
  Rows known = here;  // what is taken decides, as if it had been asked here, what is asked next
  Schedule(prepared, selection)
      .run([&]() -> const Rows& { return known; },
           [&](const Turn& turn) {
             if (turn.is_spared || !turn.skipped.empty()) return true;
             for (const Row& cell : turn.group.cells()) {
               const auto found = there.find(cell.cell);
               if (found == there.end() || known.contains(cell.cell)) continue;
               reused.push_back(as_asked_here(found->second, prepared, turn.series.eval, cell));
               known.emplace(cell.cell, reused.back());
             }
             return true;
           });
  return reused;
}

std::vector<std::string> why_none_is_reusable(const Prepared& prepared,
                                              const std::filesystem::path& run) {
  std::vector<std::string> reasons;
  const auto compare = [&](const base::Json& there, const base::Json& here,
                           std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const base::Json one = there.value(key, base::Json());
      if (one == here.at(key)) continue;
      reasons.push_back(
          fmt::format("{} is {} there and {} here", key, one.dump(), here.at(key).dump()));
    }
  };
  compare(read(run / "experiment.json"), to_json(prepared.experiment()), {"seed", "dtype"});
  compare(read(run / "manifest.json").value("identity", base::Json::object()), prepared.identity(),
          {"weights", "tokenizer", "shape", "trained_length"});
  return reasons;
}

}  // namespace sweep
