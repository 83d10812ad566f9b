#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evals/stats/certified_length.h"

namespace sweep {

/// What an experiment makes of lengths that fail.
struct Adaptation {
  std::optional<int64_t> trials_after_failure;
  std::optional<int64_t> skip_after;
  evals::stats::Criterion criterion;

  /// Whether results decide what is run next.
  bool is_adaptive() const { return trials_after_failure || skip_after; }
};

/// How many trials a retrieval series gets at a length.
struct Quota {
  int64_t trials = 0;   ///< as DepthDesign::is_kept chooses them
  std::string skipped;  ///< reason when all trials of the length are skipped; else empty
};

/// The quota at a length for which `planned` trials are planned, given the answers at the series'
/// `shorter` lengths, ascending. A length with a missing answer decides nothing: the first answers
/// of a length lie at its first depths and are no sample of it. Nor do lengths around it count as
/// lengths in a row.
Quota quota(const Adaptation& adaptation, int64_t planned,
            const std::vector<evals::stats::LengthCell>& shorter);

}  // namespace sweep
