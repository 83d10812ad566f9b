#include "evals/stats/comparison.h"

#include <algorithm>
#include <numeric>

#include "evals/stats/require.h"
#include "evals/stats/tail.h"

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

Estimate paired_bootstrap(const std::vector<Answer>& first, const std::vector<Answer>& second,
                          const Resampling& resampling) {
  const int64_t rank = tail_rank(resampling);
  require(first.size() == second.size(), "answers", "must be to the same prompts");
  std::vector<int32_t> differences;
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i] == Answer::missing || second[i] == Answer::missing) continue;
    differences.push_back((first[i] == Answer::hit ? 1 : 0) - (second[i] == Answer::hit ? 1 : 0));
  }
  Estimate out;
  out.units = out.documents = static_cast<int64_t>(differences.size());
  if (differences.empty()) return out;
  const auto n = static_cast<double>(out.units);
  out.value = std::accumulate(differences.begin(), differences.end(), 0) / n;

  const Resampler resampler(resampling.identity);
  std::vector<int32_t> drawn(differences.size());
  std::vector<double> means(static_cast<size_t>(resampling.resamples));
  for (int64_t b = 0; b < resampling.resamples; ++b) {
    resampler.draw(b, 0, out.units, drawn.data());
    int64_t sum = 0;
    for (const int32_t i : drawn) sum += differences[static_cast<size_t>(i)];
    means[static_cast<size_t>(b)] = static_cast<double>(sum) / n;
  }
  out.bounds = tails_of(means, rank);
  return out;
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

std::vector<bool> not_distinguishable_from_best(const std::vector<std::vector<Answer>>& answers,
                                                double alpha) {
  require_inside_unit(alpha, "alpha");
  std::vector<bool> in_set(answers.size(), false);
  std::optional<size_t> best;
  std::vector<std::optional<double>> rates;
  int64_t complete = 0;
  for (size_t m = 0; m < answers.size(); ++m) {
    rates.push_back(complete_rate(answers[m]));
    if (!rates[m]) continue;
    ++complete;
    if (!best || *rates[m] > *rates[*best]) best = m;
  }
  if (!best) return in_set;
  for (size_t m = 0; m < answers.size(); ++m) {
    if (!rates[m]) continue;
    const double p = mcnemar_exact(pair_up(answers[*best], answers[m]));
    in_set[m] = m == *best || p * static_cast<double>(complete - 1) > alpha;
  }
  return in_set;
}

}  // namespace evals::stats
