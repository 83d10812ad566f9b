#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "evals/stats/proportion.h"

namespace evals::stats {

/// All trials of one method and protocol at one nominal length, depths pooled over the fixed
/// design.
struct LengthCell {
  int64_t length = 0;  ///< tokens, generation budget included
  int64_t hits = 0;
  int64_t misses = 0;   ///< wrong answers, diverged trials among them
  int64_t missing = 0;  ///< out of memory, failed, skipped: no answer is known
  /// Whether every trial of the length has a source of its own; without, no test holds there.
  bool independent = true;

  int64_t answers() const { return hits + misses; }
};

/// What "works at a length" means: success probability above tau, claimed at level alpha.
struct Criterion {
  double tau = 0.85;
  double alpha = 0.05;
};

/// Throws base::Error(Fault::input) unless tau and alpha lie in (0, 1).
void require_criterion(Criterion criterion);

/// Why a walk over lengths ended where it did.
enum class Ending {
  all_lengths,       ///< every length was shown
  not_shown,         ///< the answers at `ended_at` do not show it
  missing,           ///< trials without an answer at `ended_at`
  too_few_trials,    ///< no outcome at `ended_at` could show it, or a depth band is too small
  dependent_trials,  ///< trials share a source at `ended_at`: whatever they answer shows nothing
};

/// A length claimed by a walk, if any, and what ended the walk.
struct LengthClaim {
  std::optional<int64_t> length;
  Ending ending = Ending::all_lengths;
  std::optional<int64_t> ended_at;  ///< empty when all lengths were shown

  bool operator==(const LengthClaim&) const = default;
};

/// Every function below wants strictly increasing lengths, counts >= 0, and tau and alpha inside
/// (0, 1); anything else throws base::Error(Fault::input).

/// L_cert: a 1 - alpha lower confidence bound of the effective length max{L : p(L') > tau for all
/// grid lengths L' <= L}. Fixed-sequence test: the exact one-sided binomial of p(L) <= tau at level
/// alpha, lengths upward, ending at the first length that is not rejected; the order is declared in
/// advance, so no correction is due (Maurer, Hothorn, Lehmacher 1995). A missing trial ends it, as
/// do trials that share a source; the lengths before are certified all the same.
LengthClaim certified_length(const std::vector<LengthCell>& cells, Criterion criterion);

/// L_fail: the shortest length of the run of lengths shown to fail (p(L) >= tau rejected at level
/// alpha), walked downward from the longest length; the first length not shown to fail ends it, as
/// do a missing trial and trials that share a source. Lengths above the longest one that has both
/// an answer and a source for every trial are passed over: nothing is claimed of them, and neither
/// their absence nor what they share depends on an answer that they could have given. Where no
/// length has both, the longest with an answer ends the walk.
LengthClaim failing_length(const std::vector<LengthCell>& cells, Criterion criterion);

/// L_point: the longest length with hits / answers >= tau there and at every shorter length. No
/// confidence attached; for comparison with papers. A length without answers ends it.
LengthClaim point_length(const std::vector<LengthCell>& cells, double tau);

/// Depth bands [0, 1/3), [1/3, 2/3), [2/3, 1] of the haystack.
inline constexpr int64_t depth_bands = 3;
inline constexpr int64_t fewest_band_trials = 20;

/// Band of a depth in [0, 1]; throws base::Error(Fault::input) outside.
int64_t depth_band(double depth);

/// One length, cut into depth bands. The three lengths must agree.
using BandedCell = std::array<LengthCell, depth_bands>;

/// Worst-depth L_cert: as certified_length, but a length counts only when each of its bands rejects
/// p <= tau at level alpha (intersection-union test: no correction). A band with fewer than 20
/// answers makes the length not certifiable (Ending::too_few_trials).
LengthClaim worst_depth_length(const std::vector<BandedCell>& cells, Criterion criterion);

}  // namespace evals::stats
