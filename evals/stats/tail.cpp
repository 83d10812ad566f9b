#include "evals/stats/tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evals/stats/require.h"

namespace evals::stats {

int64_t tail_rank(const Resampling& resampling) {
  require(resampling.alpha > 0 && resampling.alpha < 0.5, "alpha",
          fmt::format("must be above 0 and below 0.5 (got {})", resampling.alpha));
  const double rank =
      std::floor(static_cast<double>(resampling.resamples + 1) * resampling.alpha + 1e-9);
  require(rank >= 1, "resamples",
          fmt::format("{} are too few for alpha {}", resampling.resamples, resampling.alpha));
  return static_cast<int64_t>(rank);
}

Interval tails_of(std::vector<double>& values, int64_t rank) {
  const auto low = values.begin() + (rank - 1);
  std::nth_element(values.begin(), low, values.end());
  const double smallest = *low;
  const auto high = values.end() - rank;
  std::nth_element(values.begin(), high, values.end());
  return {smallest, *high};
}

}  // namespace evals::stats
