#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "harness/base/json.h"
#include "harness/sweep/run_directory.h"
#include "tests/support/temporary_folder.h"

namespace sweep {

namespace fs = std::filesystem;

inline Row row(const std::string& cell, bool hit = true) {
  Row row;
  row.cell = cell;
  row.method = "plain";
  row.protocol = "passkey/landmark";
  row.length = 4096;
  row.retrieval = RetrievalResult{.depth = 0.25,
                                  .depth_index = 2,
                                  .trial = 7,
                                  .source = {},
                                  .prompt_sha256 = "p",
                                  .hit = hit,
                                  .token_hits = {},
                                  .argmax = {},
                                  .ranks = {},
                                  .log_probs = {}};
  return row;
}

class RunDirectoryTest : public testing::Test {
 protected:
  std::unique_ptr<RunDirectory> open(const base::Json& identity = {{"weights", "w"}}) {
    return std::make_unique<RunDirectory>(folder_, *storage_, base::Json{{"seed", 1}}, identity,
                                          base::Json{{"host", "h"}});
  }
  void append(const std::string& file, const std::string& bytes) {
    std::ofstream(folder_ / file, std::ios::app | std::ios::binary) << bytes;
  }

  const tests::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "run";
  const std::unique_ptr<Storage> storage_ = posix_storage();
};

}  // namespace sweep
