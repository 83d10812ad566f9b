#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/model/training/train.h"
#include "small_corpus.h"

namespace training {

/// Trains micro models on one thread, each into a folder of its own beside a small corpus.
class TrainTest : public ::testing::Test {
 protected:
  TrainTest() : folder_("train"), threads_(at::get_num_threads()) {
    write_small_corpus(folder_.path());
  }
  ~TrainTest() override { at::set_num_threads(threads_); }

  std::filesystem::path out(const std::string& name) const { return folder_.path() / name; }

  void train_into(const std::string& name, const base::Json& config, const TrainHooks& hooks = {},
                  const std::optional<std::filesystem::path>& from = {}) const {
    at::set_num_threads(1);
    train(read_train_config(write_config(folder_.path(), config)), from, out(name), hooks);
  }

  ScratchFolder folder_;
  int threads_;
};

/// One step on texts of `length` tokens.
inline base::Json one_step_config(int64_t length) {
  base::Json config = micro_config();
  config["phases"] = {{{"length", length}, {"tokens", 1280}, {"mixture", {{"text", 1}}}}};
  return config;
}

/// Bytes of every file in a folder, by name.
inline std::map<std::string, std::string> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] = base::read_file(entry.path());
  }
  return files;
}

}  // namespace training
