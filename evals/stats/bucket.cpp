#include "evals/stats/bucket.h"

#include <cmath>

#include "evals/stats/require.h"

namespace evals::stats {

double bucket_perplexity(CumulativePerplexity shorter, CumulativePerplexity longer) {
  require(shorter.length >= 0 && longer.length > shorter.length, "length", "must increase");
  require(shorter.perplexity > 0 && longer.perplexity > 0, "perplexity", "must be positive");
  const double first = static_cast<double>(shorter.length);
  const double second = static_cast<double>(longer.length);
  return std::exp((second * std::log(longer.perplexity) - first * std::log(shorter.perplexity)) /
                  (second - first));
}

}  // namespace evals::stats
