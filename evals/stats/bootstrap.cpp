#include "evals/stats/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "evals/stats/require.h"
#include "harness/base/random.h"

namespace evals::stats {
namespace {

/// Order statistic that cuts off alpha of the resamples: floor((resamples + 1) alpha), so that the
/// bounds err on the wide side. Throws base::Error(Fault::input) when that is none, or when alpha
/// is not in (0, 0.5).
int64_t tail_rank(const Resampling& resampling) {
  require(resampling.alpha > 0 && resampling.alpha < 0.5, "alpha",
          fmt::format("must be above 0 and below 0.5 (got {})", resampling.alpha));
  const double rank =
      std::floor(static_cast<double>(resampling.resamples + 1) * resampling.alpha + 1e-9);
  require(rank >= 1, "resamples",
          fmt::format("{} are too few for alpha {}", resampling.resamples, resampling.alpha));
  return static_cast<int64_t>(rank);
}

/// The rank-th smallest and the rank-th largest value; reorders `values`.
Interval tails_of(std::vector<double>& values, int64_t rank) {
  const auto low = values.begin() + (rank - 1);
  std::nth_element(values.begin(), low, values.end());
  const double smallest = *low;
  const auto high = values.end() - rank;
  std::nth_element(values.begin(), high, values.end());
  return {smallest, *high};
}

/// Clusters of one stratum, as resampling wants them.
struct Stratum {
  std::vector<double> sums;
  std::vector<double> weights;
  std::vector<int32_t> drawn;  // scratch

  int64_t size() const { return static_cast<int64_t>(sums.size()); }
};

std::vector<Stratum> by_stratum(const std::vector<Cluster>& clusters) {
  std::map<int64_t, Stratum> strata;
  for (const Cluster& cluster : clusters) {
    strata[cluster.stratum].sums.push_back(cluster.sum);
    strata[cluster.stratum].weights.push_back(cluster.weight);
  }
  std::vector<Stratum> out;
  for (auto& [name, stratum] : strata) {
    stratum.drawn.resize(stratum.sums.size());
    for (size_t i = 0; i < stratum.drawn.size(); ++i) stratum.drawn[i] = static_cast<int32_t>(i);
    out.push_back(std::move(stratum));
  }
  return out;
}

struct Ratio {
  double value;
  double standard_error;
};

/// Ratio of the drawn clusters and its linearised standard error (Cochran 1977, ch. 6).
Ratio ratio_of_drawn(const std::vector<Stratum>& strata) {
  double sum = 0;
  double weight = 0;
  for (const Stratum& stratum : strata) {
    for (const int32_t i : stratum.drawn) {
      sum += stratum.sums[static_cast<size_t>(i)];
      weight += stratum.weights[static_cast<size_t>(i)];
    }
  }
  const double ratio = sum / weight;
  double variance = 0;
  for (const Stratum& stratum : strata) {
    double residuals = 0;
    double squares = 0;
    for (const int32_t i : stratum.drawn) {
      const auto at = static_cast<size_t>(i);
      const double residual = stratum.sums[at] - ratio * stratum.weights[at];
      residuals += residual;
      squares += residual * residual;
    }
    const auto n = static_cast<double>(stratum.size());
    variance += n / (n - 1) * std::max(squares - residuals * residuals / n, 0.0);
  }
  return {ratio, std::sqrt(variance) / weight};
}

/// (resampled - estimate) / its standard error. A resample without spread is as far out as can be.
double studentized(const Ratio& resampled, const Ratio& estimate) {
  const double difference = resampled.value - estimate.value;
  if (resampled.standard_error > 0) return difference / resampled.standard_error;
  if (difference == 0) return 0;
  return std::copysign(std::numeric_limits<double>::infinity(), difference);
}

bool large_enough(const std::vector<Stratum>& strata) {
  int64_t units = 0;
  for (const Stratum& stratum : strata) {
    if (stratum.size() < 2) return false;
    units += stratum.size();
  }
  return units >= fewest_documents;
}

std::vector<Cluster> whole_documents(const std::vector<std::vector<double>>& documents) {
  std::vector<Cluster> clusters;
  for (const auto& values : documents) {
    Cluster cluster;
    for (const double value : values) cluster.sum += value;
    cluster.weight = static_cast<double>(values.size());
    clusters.push_back(cluster);
  }
  return clusters;
}

std::vector<Cluster> blocks_of(const std::vector<std::vector<double>>& documents) {
  std::vector<Cluster> clusters;
  for (size_t d = 0; d < documents.size(); ++d) {
    const std::vector<double>& values = documents[d];
    const auto block = static_cast<size_t>(block_length(static_cast<int64_t>(values.size())));
    for (size_t begin = 0; begin < values.size(); begin += block) {
      const size_t end = std::min(begin + block, values.size());
      Cluster cluster{0, static_cast<double>(end - begin), static_cast<int64_t>(d)};
      for (size_t i = begin; i < end; ++i) cluster.sum += values[i];
      clusters.push_back(cluster);
    }
  }
  return clusters;
}

}  // namespace

Resampler::Resampler(const base::Json& identity) {
  const uint64_t key = base::CounterRandom(identity).bits(0);
  low_ = static_cast<uint32_t>(key);
  high_ = static_cast<uint32_t>(key >> 32);
}

void Resampler::draw(int64_t resample, int64_t stratum, int64_t units, int32_t* out) const {
  const auto bound = static_cast<uint64_t>(units);
  const auto counter = static_cast<uint64_t>(resample);
  for (int64_t position = 0; position < units; position += 4) {
    // One Philox block gives four 32-bit words; the bias of multiply-shift is below units / 2^32.
    const auto words =
        base::philox4x32({static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                          static_cast<uint32_t>(position / 4), static_cast<uint32_t>(stratum)},
                         {low_, high_});
    const int64_t end = std::min<int64_t>(position + 4, units);
    for (int64_t i = position; i < end; ++i) {
      out[i] = static_cast<int32_t>((words[static_cast<size_t>(i - position)] * bound) >> 32);
    }
  }
}

Estimate cluster_bootstrap(const std::vector<Cluster>& clusters, const Resampling& resampling) {
  const int64_t rank = tail_rank(resampling);
  double weight = 0;
  for (const Cluster& cluster : clusters) {
    require(cluster.weight > 0, "weight", "must be positive in every cluster");
    weight += cluster.weight;
  }
  require(weight > 0, "clusters", "there must be at least one");

  std::vector<Stratum> strata = by_stratum(clusters);
  Estimate out;
  out.units = static_cast<int64_t>(clusters.size());
  out.documents = out.units;
  if (!large_enough(strata)) {
    double sum = 0;
    for (const Cluster& cluster : clusters) sum += cluster.sum;
    out.value = sum / weight;
    return out;
  }
  const Ratio estimate = ratio_of_drawn(strata);
  out.value = estimate.value;
  if (estimate.standard_error == 0) {
    out.bounds = Interval{estimate.value, estimate.value};
    out.p_value = estimate.value == 0 ? 1.0 : 1.0 / static_cast<double>(resampling.resamples + 1);
    return out;
  }
  const Resampler resampler(resampling.identity);
  std::vector<double> t(static_cast<size_t>(resampling.resamples));
  for (int64_t b = 0; b < resampling.resamples; ++b) {
    for (size_t s = 0; s < strata.size(); ++s) {
      resampler.draw(b, static_cast<int64_t>(s), strata[s].size(), strata[s].drawn.data());
    }
    t[static_cast<size_t>(b)] = studentized(ratio_of_drawn(strata), estimate);
  }
  const double observed = std::abs(estimate.value / estimate.standard_error);
  const auto extreme =
      std::count_if(t.begin(), t.end(), [&](double value) { return std::abs(value) >= observed; });
  out.p_value = static_cast<double>(extreme + 1) / static_cast<double>(resampling.resamples + 1);
  const Interval tails = tails_of(t, rank);
  out.bounds = Interval{estimate.value - tails.high * estimate.standard_error,
                        estimate.value - tails.low * estimate.standard_error};
  return out;
}

int64_t block_length(int64_t tokens) { return std::clamp<int64_t>(tokens / 16, 16, 64); }

Estimate document_bootstrap(const std::vector<std::vector<double>>& documents,
                            const Resampling& resampling) {
  const auto count = static_cast<int64_t>(documents.size());
  if (count >= fewest_documents) return whole_document_bootstrap(documents, resampling);
  Estimate out = cluster_bootstrap(blocks_of(documents), resampling);
  out.documents = count;
  out.conditional = true;
  return out;
}

Estimate whole_document_bootstrap(const std::vector<std::vector<double>>& documents,
                                  const Resampling& resampling) {
  return cluster_bootstrap(whole_documents(documents), resampling);
}

}  // namespace evals::stats
