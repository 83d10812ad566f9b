#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "harness/sweep/run_directory.h"
#include "harness/sweep/runner.h"
#include "tests/harness/sweep/oracle_subject.h"
#include "tests/support/temporary_folder.h"

namespace sweep {

/// Sweeps of an oracle, in a folder of the test's own.
class OracleSweep : public testing::Test {
 protected:
  OracleSweep() {
    std::ofstream(folder_ / "model") << "stands for a checkpoint";
    std::ofstream text(folder_ / "book.txt");
    for (int64_t i = 0; i < 400; ++i) text << "Line " << i << " of a book of its own.\n";
  }

  Experiment experiment(const std::string& members) {
    return parse_experiment(R"({"model": "model", "trained_length": 512, "seed": 3,
        "methods": {"plain": [], "linear": [{"type": "linear", "factor": 2}],
                    "dynamic": [{"type": "dynamic_ntk", "factor": 1}]}, )" +
                                members + "}",
                            folder_ / "experiment.json");
  }

  SweepResult sweep(const Experiment& experiment, const SweepOptions& options = {},
                    const std::string& out = "run") {
    const Prepared prepared(experiment, subject_);
    RunDirectory directory(folder_ / out, *storage_, to_json(experiment), prepared.identity(),
                           base::Json::object());
    return run_sweep(prepared, directory, options);
  }

  std::vector<Row> rows(const std::string& out = "run") { return read_rows(folder_ / out); }

  static std::string passkey(const std::string& members) {
    return R"("evals": [{"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 5)" +
           members + "}]";
  }

  const tests::TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
  const std::unique_ptr<Storage> storage_ = posix_storage();
  OracleSubject subject_;
};

}  // namespace sweep
