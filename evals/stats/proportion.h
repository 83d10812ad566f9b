#pragma once

#include <cstdint>

namespace evals::stats {

/// Closed interval of a proportion or of a mean.
struct Interval {
  double low = 0;
  double high = 0;
};

/// All of these want 0 <= hits <= trials, trials >= 1, and levels inside (0, 1); anything else
/// throws base::Error(Fault::input).

/// Wilson score interval (Wilson 1927), two-sided with confidence 1 - alpha. For display: unlike
/// mean +- 1.96 SE it has no zero width at 10 of 10.
Interval wilson(int64_t hits, int64_t trials, double alpha);

/// Exact one-sided bounds (Clopper and Pearson 1934): the probability is above (below) this with
/// confidence at least 1 - alpha.
double exact_lower_bound(int64_t hits, int64_t trials, double alpha);
double exact_upper_bound(int64_t hits, int64_t trials, double alpha);

/// Exact binomial tests of a proportion p against p0.
double binomial_p_greater(int64_t hits, int64_t trials, double p0);  ///< of p <= p0: P(X >= hits)
double binomial_p_less(int64_t hits, int64_t trials, double p0);     ///< of p >= p0: P(X <= hits)

}  // namespace evals::stats
