#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/model/training/trainable_llama.h"

namespace training {

/// Where a run is, apart from weights and moments.
struct TrainState {
  int64_t step = 0;          ///< optimizer steps done; everything random follows from it
  double smoothed_loss = 0;  ///< exponential mean, nats; 0 before the first step
  int64_t steps_in_spike = 0;
  double seconds = 0;  ///< spent in steps, over all sittings
};

/// Checkpoints of a training run: one safetensors file with the float32 masters and both moments.
/// `identity` is the SHA-256 of all that determines the run's result.
///
/// The file appears under its name only when it is whole and synced: a run that dies while saving,
/// or meets a full disk, leaves the checkpoint before it. Throws base::Error(Fault::io).
void save_state(const std::filesystem::path& path, const TrainableLlama& model,
                const TrainState& state, const std::string& identity);

/// Fills the model from a checkpoint; nothing when there is none. Throws base::Error(Fault::input)
/// when the file is damaged, or is of a run with another identity.
std::optional<TrainState> load_state(const std::filesystem::path& path, TrainableLlama& model,
                                     const std::string& identity);

}  // namespace training
