#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/model/training/train_config.h"

namespace training {

/// Targets of one step: whole sequences.
int64_t tokens_per_step(const Phase& phase);

/// Steps of all phases, one after another.
int64_t steps_of(const TrainConfig& config);

/// Where a step lies among the phases.
struct StepPlace {
  size_t phase = 0;
  int64_t tokens_before = 0;  ///< targets seen before this step
};

/// `step` in [0, steps_of(config)).
StepPlace place_of(const TrainConfig& config, int64_t step);

/// Linear warm-up by steps, then a cosine over all tokens down to final_fraction of the peak
/// (Loshchilov and Hutter, arXiv:1608.03983, without restarts).
double learning_rate(const TrainConfig& config, int64_t step, int64_t tokens_before);

}  // namespace training
