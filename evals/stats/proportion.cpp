#include "evals/stats/proportion.h"

#include <fmt/format.h>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "evals/stats/require.h"

namespace evals::stats {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

void require_counts(int64_t hits, int64_t trials) {
  require(trials >= 1, "trials", fmt::format("must be >= 1 (got {})", trials));
  require(hits >= 0 && hits <= trials, "hits",
          fmt::format("must be in [0, {}] (got {})", trials, hits));
}

Binomial under(int64_t trials, double p0) { return Binomial(static_cast<double>(trials), p0); }

}  // namespace

Interval wilson(int64_t hits, int64_t trials, double alpha) {
  require_counts(hits, trials);
  require_inside_unit(alpha, "alpha");
  const double z = boost::math::quantile(boost::math::complement(boost::math::normal(), alpha / 2));
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // At the ends the bound is exactly 0 or 1; rounding must not step over it.
  return {hits == 0 ? 0.0 : centre - half, hits == trials ? 1.0 : centre + half};
}

double exact_lower_bound(int64_t hits, int64_t trials, double alpha) {
  require_counts(hits, trials);
  require_inside_unit(alpha, "alpha");
  return Binomial::find_lower_bound_on_p(static_cast<double>(trials), static_cast<double>(hits),
                                         alpha);
}

double exact_upper_bound(int64_t hits, int64_t trials, double alpha) {
  require_counts(hits, trials);
  require_inside_unit(alpha, "alpha");
  return Binomial::find_upper_bound_on_p(static_cast<double>(trials), static_cast<double>(hits),
                                         alpha);
}

double binomial_p_greater(int64_t hits, int64_t trials, double p0) {
  require_counts(hits, trials);
  require_inside_unit(p0, "p0");
  if (hits == 0) return 1;
  return boost::math::cdf(
      boost::math::complement(under(trials, p0), static_cast<double>(hits - 1)));
}

double binomial_p_less(int64_t hits, int64_t trials, double p0) {
  require_counts(hits, trials);
  require_inside_unit(p0, "p0");
  return boost::math::cdf(under(trials, p0), static_cast<double>(hits));
}

}  // namespace evals::stats
