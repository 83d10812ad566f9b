#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "harness/sweep/prepared.h"
#include "harness/sweep/run_directory.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// How far a sweep is; counts what is durable.
struct SweepProgress {
  int64_t cells = 0;        ///< of this run of the program, done
  int64_t cells_ahead = 0;  ///< still missing, if no length fails
  int64_t tokens = 0;       ///< that passed through the model in this run
  int64_t tokens_ahead = 0;
  double seconds = 0;
  std::string doing;    ///< "yarn passkey/landmark 65536"
  double fraction = 0;  ///< of the group in work, [0, 1]
};

struct SweepOptions {
  Selection selection;
  bool retry = false;          ///< run out_of_memory and failed cells again
  std::function<bool()> stop;  ///< polled at block boundaries
  std::function<void(const SweepProgress&)> report;
};

struct SweepResult {
  bool stopped = false;  ///< on request, before the end
  int64_t cells = 0;     ///< run now
  int64_t failed = 0;    ///< of them: out_of_memory or failed
  int64_t skipped = 0;
  int64_t diverged = 0;
};

/// Runs the cells that have no row yet. A model that runs out of memory, diverges or throws becomes
/// a row and the sweep goes on; a group in which the process died twice becomes a `failed` row. I/O
/// errors end the sweep: what was committed is kept.
SweepResult run_sweep(const Prepared& prepared, RunDirectory& directory,
                      const SweepOptions& options);

}  // namespace sweep
