#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/model/training/source.h"
#include "harness/model/training/train_step.h"

namespace training {

struct MixedBatch {
  Batch batch;
  std::vector<std::string> sources;  ///< of every sequence
};

/// Batches of a run, drawn from its sources by their shares.
class Mixture {
 public:
  /// Throws what make_source throws. Keeps a reference to `material`.
  Mixture(const TrainConfig& config, const SourceMaterial& material);

  /// The batch of optimizer step `step` (from 0), a pure function of seed, phase and step.
  MixedBatch batch(const Phase& phase, int64_t step) const;

 private:
  int64_t seed_;
  std::map<std::string, std::unique_ptr<const Source>> sources_;
};

/// Mean NLL of the targets that matter most in each sequence (its largest weight: answers, copies,
/// all of a text), by source, nats.
std::map<std::string, double> nll_by_source(const MixedBatch& mixed, const at::Tensor& nll);

}  // namespace training
