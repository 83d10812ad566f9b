#pragma once

#include <cstdint>

namespace evals::stats {

/// Perplexity over the first `length` tokens, as papers print it.
struct CumulativePerplexity {
  int64_t length = 0;
  double perplexity = 0;
};

/// Perplexity of the tokens (shorter.length, longer.length] alone, from two cumulative ones:
/// exp((L2 ln P2 - L1 ln P1) / (L2 - L1)). Cumulative perplexity hides the onset of failure; this
/// shows it. Throws base::Error(Fault::input) unless lengths increase and perplexities are
/// positive.
double bucket_perplexity(CumulativePerplexity shorter, CumulativePerplexity longer);

}  // namespace evals::stats
