#include "harness/model/training/train_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace training {
namespace {

int64_t steps_of(const Phase& phase) {
  return (phase.tokens + tokens_per_step(phase) - 1) / tokens_per_step(phase);
}

}  // namespace

int64_t tokens_per_step(const Phase& phase) {
  return phase.batch_tokens / phase.length * phase.length;
}

int64_t steps_of(const TrainConfig& config) {
  int64_t steps = 0;
  for (const Phase& phase : config.phases) steps += steps_of(phase);
  return steps;
}

StepPlace place_of(const TrainConfig& config, int64_t step) {
  StepPlace place;
  while (step >= steps_of(config.phases.at(place.phase))) {
    const Phase& phase = config.phases[place.phase++];
    step -= steps_of(phase);
    place.tokens_before += steps_of(phase) * tokens_per_step(phase);
  }
  place.tokens_before += step * tokens_per_step(config.phases[place.phase]);
  return place;
}

double learning_rate(const TrainConfig& config, int64_t step, int64_t tokens_before) {
  const double share =
      static_cast<double>(tokens_before) / static_cast<double>(config.total_tokens());
  const double cosine = config.final_fraction + (1.0 - config.final_fraction) * 0.5 *
                                                    (1.0 + std::cos(std::numbers::pi * share));
  const double warmup = step < config.warmup_steps ? static_cast<double>(step + 1) /
                                                         static_cast<double>(config.warmup_steps)
                                                   : 1.0;
  return config.optimizer.learning_rate * std::min(warmup, cosine);
}

}  // namespace training
