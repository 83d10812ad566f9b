#pragma once

#include <filesystem>
#include <string>

#include "harness/base/json.h"

namespace training {

/// An empty folder of its own below the build's test area, removed when it goes out of scope.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Text of `sentences` sentences over a small vocabulary of words: the same for the same seed.
std::string small_text(int64_t seed, int64_t sentences);

/// Writes corpus/one.txt and corpus/two.txt into `folder`.
void write_small_corpus(const std::filesystem::path& folder);

/// A config that trains in seconds on that corpus: every kind of source, two phases, float32.
base::Json micro_config();

/// Writes `config` as folder/config.json and returns its path.
std::filesystem::path write_config(const std::filesystem::path& folder, const base::Json& config);

}  // namespace training
