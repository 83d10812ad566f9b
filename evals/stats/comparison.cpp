#include "evals/stats/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "evals/stats/require.h"

namespace evals::stats {
namespace {

/// Success rate, when every prompt has an answer.
std::optional<double> complete_rate(const std::vector<Answer>& answers) {
  int64_t hits = 0;
  for (const Answer answer : answers) {
    if (answer == Answer::missing) return {};
    hits += answer == Answer::hit ? 1 : 0;
  }
  if (answers.empty()) return {};
  return static_cast<double>(hits) / static_cast<double>(answers.size());
}

/// Correlation of the answers of a pair, a positive one corrected for continuity; 0 when one method
/// always or never hits.
double phi(const PairedCounts& counts) {
  const auto both_hit = static_cast<double>(counts.both_hit);
  const auto only_first = static_cast<double>(counts.only_first);
  const auto only_second = static_cast<double>(counts.only_second);
  const auto both_miss = static_cast<double>(counts.both_miss);
  const double margins = (both_hit + only_first) * (only_second + both_miss) *
                         (both_hit + only_second) * (only_first + both_miss);
  if (margins == 0) return 0;
  double association = both_hit * both_miss - only_first * only_second;
  if (association > 0) {
    association = std::max(0.0, association - static_cast<double>(counts.pairs()) / 2);
  }
  return association / std::sqrt(margins);
}

}  // namespace

double PairedCounts::difference() const {
  if (pairs() == 0) return 0;
  return static_cast<double>(only_first - only_second) / static_cast<double>(pairs());
}

PairedCounts pair_up(const std::vector<Answer>& first, const std::vector<Answer>& second) {
  require(first.size() == second.size(), "answers", "must be to the same prompts");
  PairedCounts counts;
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i] == Answer::missing || second[i] == Answer::missing) {
      ++counts.excluded;
    } else if (first[i] == second[i]) {
      ++(first[i] == Answer::hit ? counts.both_hit : counts.both_miss);
    } else {
      ++(first[i] == Answer::hit ? counts.only_first : counts.only_second);
    }
  }
  return counts;
}

double mcnemar_exact(const PairedCounts& counts) {
  const int64_t discordant = counts.only_first + counts.only_second;
  if (discordant == 0) return 1;
  const int64_t fewer = std::min(counts.only_first, counts.only_second);
  // The binomial at 1/2 is symmetric: both tails are equal.
  return std::min(1.0, 2 * binomial_p_less(fewer, discordant, 0.5));
}

Interval newcombe(const PairedCounts& counts, double alpha) {
  const int64_t n = counts.pairs();
  require(n >= 1, "pairs", "must be >= 1 (got 0)");
  const int64_t hits_first = counts.both_hit + counts.only_first;
  const int64_t hits_second = counts.both_hit + counts.only_second;
  const auto rate = [&](int64_t hits) {
    return static_cast<double>(hits) / static_cast<double>(n);
  };
  const Interval first = wilson(hits_first, n, alpha);
  const Interval second = wilson(hits_second, n, alpha);
  const double correlation = phi(counts);
  // How far the difference reaches when one rate goes by `a` and the other by `b` against it.
  const auto reach = [&](double a, double b) {
    return std::sqrt(std::max(0.0, a * a - 2 * correlation * a * b + b * b));
  };
  const double below = reach(rate(hits_first) - first.low, second.high - rate(hits_second));
  const double above = reach(first.high - rate(hits_first), rate(hits_second) - second.low);
  return {std::max(-1.0, counts.difference() - below), std::min(1.0, counts.difference() + above)};
}

std::vector<double> holm(const std::vector<double>& p_values) {
  for (const double p : p_values) require(p >= 0 && p <= 1, "p-value", "must be in [0, 1]");
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double running = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto remaining = static_cast<double>(order.size() - i);
    running = std::max(running, std::min(1.0, remaining * p_values[order[i]]));
    adjusted[order[i]] = running;
  }
  return adjusted;
}

std::vector<std::optional<bool>> not_distinguishable_from_best(
    const std::vector<std::vector<Answer>>& answers, double alpha) {
  require_inside_unit(alpha, "alpha");
  std::vector<std::optional<bool>> in_set(answers.size());
  std::optional<size_t> best;
  std::vector<std::optional<double>> rates;
  int64_t complete = 0;
  for (size_t m = 0; m < answers.size(); ++m) {
    rates.push_back(complete_rate(answers[m]));
    if (!rates[m]) continue;
    ++complete;
    if (!best || *rates[m] > *rates[*best]) best = m;
  }
  if (!best || *rates[*best] == 0) return in_set;
  for (size_t m = 0; m < answers.size(); ++m) {
    if (!rates[m]) continue;
    const double p = mcnemar_exact(pair_up(answers[*best], answers[m]));
    in_set[m] = m == *best || p * static_cast<double>(complete - 1) > alpha;
  }
  return in_set;
}

}  // namespace evals::stats
