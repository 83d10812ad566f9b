#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/run_directory.h"
#include "harness/sweep/runner.h"

namespace cli {

/// What every verb that asks cells of an experiment has to be told.
struct RunOptions {
  std::string out;
  std::string model;
  std::vector<std::string> only;
  double max_minutes = 0;
  double snapshot_minutes = 5;
  int threads = 0;
};

/// `options` must live as long as the verb.
void add_run_options(CLI::App& verb, RunOptions& options);

/// Makes this process ready for large forwards on as many threads as were asked for. Throws
/// base::Error for an --out that names no folder.
void prepare_process(const RunOptions& options);

/// What --only chooses. Throws base::Error for a part that says nothing.
sweep::Selection selection_of(const RunOptions& options);

/// What a run directory keeps of the process that computes: `command` is the verb and its words.
base::Json this_process(std::vector<std::string> command);

/// Runs the missing cells of `selection`, shows how far they are and says at the end what they came
/// to. Stops cleanly on signals and after --max-minutes.
sweep::SweepResult run_cells(const sweep::Prepared& prepared, sweep::RunDirectory& directory,
                             const sweep::Selection& selection, bool retry,
                             const RunOptions& options);

}  // namespace cli
