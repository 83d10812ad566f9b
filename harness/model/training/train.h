#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "harness/model/training/train_config.h"

namespace training {

/// One line of the log, and what a progress display shows.
struct TrainProgress {
  int64_t step = 0, steps = 0;
  int64_t tokens = 0, total_tokens = 0;  ///< targets seen
  int64_t length = 0;                    ///< of this phase's sequences
  double loss = 0;                       ///< weighted, nats
  std::map<std::string, double> nll;     ///< by source, on the targets that matter most, nats
  double learning_rate = 0;
  double gradient_norm = 0;  ///< before clipping
  double tokens_per_second = 0;
  double eta_seconds = 0;  ///< at the present speed
};

struct TrainHooks {
  std::function<void(const TrainProgress&)> report;  ///< every log_every steps
  std::function<void(const std::string&)> note;      ///< one line: corpus read, resumed, saved ...
  std::function<bool()> cancelled;                   ///< asked after every step
};

/// Trains a LLaMA and leaves a Hugging Face directory in `out`: config.json, model.safetensors,
/// tokenizer.model, tokenizer_config.json, README.md (model card), train_config.json, log.jsonl,
/// and checkpoint.safetensors while the run is not over.
///
/// `from` continues from a model (its spec, SentencePiece tokenizer and weights; its trained length
/// is that before any scaling of its own); the config then has no `model`. A run that was killed
/// goes on from its last checkpoint when it is started again, and ends with the same bits as an
/// uninterrupted one with the same number of threads. Whose `out` is comes first: a finished model,
/// the checkpoint of another run, and files of no run stay as they are.
///
/// Throws base::Error: bad corpus or config, a folder that is not this run's; Fault::io from the
/// disk (the last checkpoint survives); Fault::cancelled on request (after saving), and when loss
/// or gradient stop being finite or the loss stays far above its mean - the checkpoint is then the
/// last good one.
void train(const TrainConfig& config, const std::optional<std::filesystem::path>& from,
           const std::filesystem::path& out, const TrainHooks& hooks);

}  // namespace training
