#include "harness/sweep/quota.h"

#include <fmt/format.h>

#include <algorithm>

namespace sweep {

Quota quota(const Adaptation& adaptation, int64_t planned,
            const std::vector<evals::stats::LengthCell>& shorter) {
  Quota quota{planned, ""};
  int64_t lengths_at_floor = 0;
  for (const evals::stats::LengthCell& cell : shorter) {
    if (cell.missing > 0 || cell.answers() == 0) {
      // What comes yet may be hits, and a skipped length is never asked again.
      lengths_at_floor = 0;
      continue;
    }
    if (adaptation.trials_after_failure &&
        evals::stats::failing_length({cell}, adaptation.criterion).length) {
      quota.trials = std::min(quota.trials, *adaptation.trials_after_failure);
    }
    lengths_at_floor = cell.hits == 0 ? lengths_at_floor + 1 : 0;
    if (adaptation.skip_after && lengths_at_floor >= *adaptation.skip_after) {
      quota.skipped =
          fmt::format("no hit at {} lengths in a row up to {}", lengths_at_floor, cell.length);
      break;
    }
  }
  return quota;
}

}  // namespace sweep
