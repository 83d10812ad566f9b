#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evals/stats/proportion.h"

namespace evals::stats {

/// One prompt answered by two methods; the prompts of one comparison are identical.
enum class Answer { miss, hit, missing };  ///< a diverged trial is a miss

/// Counts of prompts that two methods both answered; prompts without both answers are `excluded`.
struct PairedCounts {
  int64_t both_hit = 0;
  int64_t only_first = 0;
  int64_t only_second = 0;
  int64_t both_miss = 0;
  int64_t excluded = 0;

  int64_t pairs() const { return both_hit + only_first + only_second + both_miss; }
  /// Success rate of the first minus that of the second; 0 without pairs.
  double difference() const;
};

/// Throws base::Error(Fault::input) when the sizes differ.
PairedCounts pair_up(const std::vector<Answer>& first, const std::vector<Answer>& second);

/// Exact McNemar test (McNemar 1947; binomial of the discordant pairs at 1/2), two-sided p-value of
/// equal success rates; 1 without discordant pairs.
double mcnemar_exact(const PairedCounts& counts);

/// Interval of level 1 - alpha for counts.difference(): Newcombe's for paired proportions (1998,
/// Statistics in Medicine 17:2635-2650, method 10), the Wilson intervals of both rates put together
/// with the correlation of the pairs. Unlike a bootstrap it has a width where all pairs agree.
/// Throws base::Error(Fault::input) without pairs.
Interval newcombe(const PairedCounts& counts, double alpha);

/// Holm's step-down adjustment (1979) of a declared family of p-values, in the order given. An
/// adjusted p-value <= alpha is a rejection with family-wise error alpha.
std::vector<double> holm(const std::vector<double>& p_values);

/// Which methods cannot be told from the best one at one length: the method with the highest
/// success rate, and all that an exact McNemar test against it does not reject at alpha divided by
/// the number of other methods. The best is chosen from the same answers; the union bound covers
/// that choice: a truly best method is left out with probability <= alpha (compare Hsu 1984,
/// multiple comparisons with the best). answers[method][prompt] -> whether a method is in the set;
/// nothing for a method with a missing answer, or with none at all: it takes no part. Where nobody
/// has a hit nobody is best, and it is nothing for all.
std::vector<std::optional<bool>> not_distinguishable_from_best(
    const std::vector<std::vector<Answer>>& answers, double alpha);

}  // namespace evals::stats
