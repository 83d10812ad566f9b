#include "harness/model/training/mixture.h"

#include <algorithm>

#include "harness/base/random.h"

namespace training {

Mixture::Mixture(const TrainConfig& config, const SourceMaterial& material) : seed_(config.seed) {
  for (const auto& [name, source] : config.sources) {
    int64_t shortest = 0;
    int64_t longest = 0;
    for (const Phase& phase : config.phases) {
      if (!phase.mixture.contains(name)) continue;
      shortest = longest == 0 ? phase.length : std::min(shortest, phase.length);
      longest = std::max(longest, phase.length);
    }
    if (longest > 0) sources_[name] = make_source(name, source, material, shortest, longest);
  }
}

MixedBatch Mixture::batch(const Phase& phase, int64_t step) const {
  const int64_t sequences = phase.batch_tokens / phase.length;
  MixedBatch mixed;
  mixed.batch.tokens = at::empty({sequences, phase.length + 1}, at::kLong);
  mixed.batch.weights = at::empty({sequences, phase.length}, at::kFloat);
  auto* tokens = mixed.batch.tokens.data_ptr<int64_t>();
  float* weights = mixed.batch.weights.data_ptr<float>();
  double total = 0;
  for (const auto& [name, share] : phase.mixture) total += share;
  const base::CounterRandom random(base::Json::array({seed_, "training/mixture", step}));
  for (int64_t row = 0; row < sequences; ++row) {
    double left = random.unit(static_cast<uint64_t>(row)) * total;
    auto chosen = phase.mixture.begin();
    while (std::next(chosen) != phase.mixture.end() && left >= chosen->second) {
      left -= chosen->second;
      ++chosen;
    }
    // A run has far fewer steps than 2^40 and sequences a step than 2^20.
    const Sequence sequence =
        sources_.at(chosen->first)->sequence(phase.length, (step << 20) + row);
    tokens = std::copy(sequence.tokens.begin(), sequence.tokens.end(), tokens);
    weights = std::copy(sequence.weights.begin(), sequence.weights.end(), weights);
    mixed.sources.push_back(chosen->first);
  }
  return mixed;
}

std::map<std::string, double> nll_by_source(const MixedBatch& mixed, const at::Tensor& nll) {
  std::map<std::string, std::pair<double, double>> sums;
  for (size_t row = 0; row < mixed.sources.size(); ++row) {
    const at::Tensor weights = mixed.batch.weights[static_cast<int64_t>(row)];
    const at::Tensor chosen = weights == weights.max();
    auto& [sum, count] = sums[mixed.sources[row]];
    sum += nll[static_cast<int64_t>(row)].masked_select(chosen).sum(at::kDouble).item<double>();
    count += chosen.sum().item<double>();
  }
  std::map<std::string, double> means;
  for (const auto& [name, sum] : sums) means[name] = sum.first / sum.second;
  return means;
}

}  // namespace training
