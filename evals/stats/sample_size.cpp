#include "evals/stats/sample_size.h"

#include <fmt/format.h>

#include <cmath>

#include "evals/stats/require.h"

namespace evals::stats {
namespace {

/// Success probabilities of good models, the best first, that tau leaves room for.
std::vector<double> good_models(double tau) {
  std::vector<double> models;
  for (const double p : {0.98, 0.95}) {
    if (p > tau) models.push_back(p);
  }
  if (models.empty()) models.push_back((1 + tau) / 2);
  return models;
}

double passes_all(int64_t trials, double p, int64_t lengths, Criterion criterion) {
  return std::pow(certification_power(trials, p, criterion), static_cast<double>(lengths));
}

std::string percent(double p) { return fmt::format("{:.4g} %", 100 * p); }

}  // namespace

std::optional<int64_t> hits_needed(int64_t trials, Criterion criterion) {
  require_criterion(criterion);
  const auto certifies = [&](int64_t hits) {
    return binomial_p_greater(hits, trials, criterion.tau) <= criterion.alpha;
  };
  if (!certifies(trials)) return {};
  int64_t low = 0;  // does not certify: its p-value is 1
  int64_t high = trials;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (certifies(middle) ? high : low) = middle;
  }
  return high;
}

int64_t fewest_trials(Criterion criterion) {
  require_criterion(criterion);
  const auto estimate =
      static_cast<int64_t>(std::ceil(std::log(criterion.alpha) / std::log(criterion.tau)));
  // The logarithms may round the other way than the test itself.
  int64_t trials = std::max<int64_t>(1, estimate - 1);
  while (!hits_needed(trials, criterion)) ++trials;
  return trials;
}

double certification_power(int64_t trials, double p, Criterion criterion) {
  require_inside_unit(p, "p");
  const std::optional<int64_t> needed = hits_needed(trials, criterion);
  return needed ? binomial_p_greater(*needed, trials, p) : 0;
}

std::string sample_size_advice(int64_t trials, int64_t lengths, Criterion criterion) {
  require(lengths >= 1, "lengths", fmt::format("must be >= 1 (got {})", lengths));
  const std::optional<int64_t> needed = hits_needed(trials, criterion);
  const int64_t fewest = fewest_trials(criterion);
  const std::string level = fmt::format("at tau {} (alpha {})", criterion.tau, criterion.alpha);
  if (!needed) {
    return fmt::format(
        "{} trials cannot certify a length {}: even {} of {} is not enough, at least {} trials are "
        "needed.\n",
        trials, level, trials, trials, fewest);
  }
  const std::string which = *needed == trials ? fmt::format("{} of {}", trials, trials)
                                              : fmt::format(">= {} of {}", *needed, trials);
  std::string advice = fmt::format("Certifying a length needs {} {}.\n", which, level);
  const std::string span = lengths == 1 ? "1 length" : fmt::format("{} lengths", lengths);
  for (const double p : good_models(criterion.tau)) {
    advice +=
        fmt::format("A model that is right {} of the time passes {} with probability {:.2f}.\n",
                    percent(p), span, passes_all(trials, p, lengths, criterion));
  }
  return advice;
}

}  // namespace evals::stats
