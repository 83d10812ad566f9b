#include "evals/stats/certified_length.h"

#include <fmt/format.h>

#include <algorithm>

#include "evals/stats/require.h"

namespace evals::stats {
namespace {

void require_cell(const LengthCell& cell, int64_t previous) {
  require(cell.length > previous, "length",
          fmt::format("must increase ({} after {})", cell.length, previous));
  require(cell.hits >= 0 && cell.misses >= 0 && cell.missing >= 0,
          fmt::format("length {}", cell.length), "counts must be >= 0");
}

void require_cells(const std::vector<LengthCell>& cells) {
  int64_t previous = 0;
  for (const LengthCell& cell : cells) {
    require_cell(cell, previous);
    previous = cell.length;
  }
}

using Verdict = std::optional<Ending>;  // empty: shown, the walk goes on

Verdict certify(const LengthCell& cell, Criterion criterion) {
  if (!cell.independent) return Ending::dependent_trials;
  const int64_t n = cell.answers();
  if (cell.missing > 0 || n == 0) return Ending::missing;
  if (binomial_p_greater(cell.hits, n, criterion.tau) <= criterion.alpha) return {};
  const bool possible = binomial_p_greater(n, n, criterion.tau) <= criterion.alpha;
  return possible ? Ending::not_shown : Ending::too_few_trials;
}

Verdict fail(const LengthCell& cell, Criterion criterion) {
  if (!cell.independent) return Ending::dependent_trials;
  const int64_t n = cell.answers();
  if (cell.missing > 0 || n == 0) return Ending::missing;
  if (binomial_p_less(cell.hits, n, criterion.tau) <= criterion.alpha) return {};
  const bool possible = binomial_p_less(0, n, criterion.tau) <= criterion.alpha;
  return possible ? Ending::not_shown : Ending::too_few_trials;
}

Verdict certify_bands(const BandedCell& cell, Criterion criterion) {
  for (const LengthCell& band : cell) {
    if (!band.independent) return Ending::dependent_trials;
  }
  for (const LengthCell& band : cell) {
    if (band.missing > 0) return Ending::missing;
  }
  for (const LengthCell& band : cell) {
    if (band.answers() < fewest_band_trials) return Ending::too_few_trials;
  }
  Verdict worst;
  for (const LengthCell& band : cell) {
    if (const Verdict verdict = certify(band, criterion)) worst = verdict;
  }
  return worst;
}

/// Goes through [first, last) until a verdict ends the walk; `length_of` names a cell.
template <typename Iterator, typename LengthOf, typename Judge>
LengthClaim walk(Iterator first, Iterator last, LengthOf length_of, Judge judge) {
  LengthClaim claim;
  for (; first != last; ++first) {
    if (const Verdict verdict = judge(*first)) {
      claim.ending = *verdict;
      claim.ended_at = length_of(*first);
      return claim;
    }
    claim.length = length_of(*first);
  }
  return claim;
}

int64_t length_of_cell(const LengthCell& cell) { return cell.length; }
int64_t length_of_bands(const BandedCell& cell) { return cell.front().length; }

}  // namespace

void require_criterion(Criterion criterion) {
  require_inside_unit(criterion.tau, "tau");
  require_inside_unit(criterion.alpha, "alpha");
}

LengthClaim certified_length(const std::vector<LengthCell>& cells, Criterion criterion) {
  require_cells(cells);
  require_criterion(criterion);
  return walk(cells.begin(), cells.end(), length_of_cell,
              [&](const LengthCell& cell) { return certify(cell, criterion); });
}

LengthClaim failing_length(const std::vector<LengthCell>& cells, Criterion criterion) {
  require_cells(cells);
  require_criterion(criterion);
  const auto is_answered = [](const LengthCell& cell) { return cell.answers() > 0; };
  auto first = std::find_if(cells.rbegin(), cells.rend(), [&](const LengthCell& cell) {
    return is_answered(cell) && cell.independent;
  });
  if (first == cells.rend()) first = std::find_if(cells.rbegin(), cells.rend(), is_answered);
  if (first == cells.rend()) first = cells.rbegin();
  return walk(first, cells.rend(), length_of_cell,
              [&](const LengthCell& cell) { return fail(cell, criterion); });
}

LengthClaim point_length(const std::vector<LengthCell>& cells, double tau) {
  require_cells(cells);
  require_inside_unit(tau, "tau");
  return walk(cells.begin(), cells.end(), length_of_cell, [&](const LengthCell& cell) -> Verdict {
    if (cell.answers() == 0) return Ending::missing;
    const double estimate = static_cast<double>(cell.hits) / static_cast<double>(cell.answers());
    if (estimate < tau) return Ending::not_shown;
    return {};
  });
}

int64_t depth_band(double depth) {
  require(depth >= 0 && depth <= 1, "depth", fmt::format("must be in [0, 1] (got {})", depth));
  if (depth < 1.0 / 3) return 0;
  return depth < 2.0 / 3 ? 1 : 2;
}

LengthClaim worst_depth_length(const std::vector<BandedCell>& cells, Criterion criterion) {
  int64_t previous = 0;
  for (const BandedCell& cell : cells) {
    for (const LengthCell& band : cell) {
      require_cell(band, previous);
      require(band.length == cell.front().length, "length", "must be one for all bands of a cell");
    }
    previous = cell.front().length;
  }
  require_criterion(criterion);
  return walk(cells.begin(), cells.end(), length_of_bands,
              [&](const BandedCell& cell) { return certify_bands(cell, criterion); });
}

}  // namespace evals::stats
