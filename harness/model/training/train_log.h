#pragma once

#include <cstdint>
#include <filesystem>

#include "harness/model/training/train.h"

namespace training {

/// log.jsonl: one line per report, append-only while a run lasts.
class TrainLog {
 public:
  explicit TrainLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// Drops what a killed run wrote after its checkpoint, and a torn last line.
  void keep_until(int64_t step);
  /// Throws base::Error(Fault::io).
  void append(const TrainProgress& progress);

 private:
  std::filesystem::path path_;
};

}  // namespace training
