#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/sweep/prepared.h"
#include "harness/sweep/run_directory.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// How far a sweep is.
struct SweepProgress {
  int64_t cells = 0;       ///< settled: their row is durable, of an earlier run too, or not needed
                           ///< behind a length that failed
  int64_t all_cells = 0;   ///< of the selection, whatever the answers: what check counts
  int64_t tokens = 0;      ///< that passed through the model in this run
  double flops = 0;        ///< of this run, the group in work counted as far as it is
  double flops_ahead = 0;  ///< if no length fails that has not failed yet
  double seconds = 0;
  std::string doing;    ///< "yarn passkey/landmark 65536"
  double fraction = 0;  ///< of the group in work, [0, 1]
};

struct SweepOptions {
  Selection selection;
  bool retry = false;  ///< run out_of_memory and failed cells again
  /// Between two states saved of a forward, and before the first.
  std::chrono::duration<double> snapshot_pause = std::chrono::minutes(5);
  std::function<bool()> stop;  ///< polled at block boundaries
  std::function<void(const SweepProgress&)> report;
  /// Told once, as a line for the user, when a state cannot be saved.
  std::function<void(const std::string&)> warn = {};
};

struct SweepResult {
  bool stopped = false;  ///< on request, before the end
  int64_t cells = 0;     ///< run now
  int64_t failed = 0;    ///< of them: out_of_memory or failed
  int64_t skipped = 0;
  int64_t diverged = 0;
  int64_t failed_before = 0;  ///< such rows of earlier runs, left as they are
  int64_t spared = 0;         ///< cells not run: trials_after_failure leaves them out
};

/// Runs the cells that have no row yet. A model that runs out of memory, diverges or throws becomes
/// a row and the sweep goes on; a group in which the process died twice becomes a `failed` row. A
/// forward that was stopped goes on at the layer whose beginning was saved last, to the same bits.
/// I/O errors end the sweep, unless it was a state that could not be saved: what was committed is
/// kept.
SweepResult run_sweep(const Prepared& prepared, RunDirectory& directory,
                      const SweepOptions& options);

}  // namespace sweep
