// Rows a second that the runner itself can make, on a model that answers at once: group commit, row
// writing and scheduling are all that is left.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>

#include "harness/sweep/runner.h"
#include "tests/harness/sweep/oracle_subject.h"

namespace {

namespace fs = std::filesystem;

void runner_rows(benchmark::State& state) {
  const fs::path folder = fs::temp_directory_path() / "ropewalk_runner_bench";
  const sweep::OracleSubject subject;
  const auto storage = sweep::posix_storage();
  int64_t rows = 0;
  for (auto _ : state) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(folder / "model") << "stands for a checkpoint";
    const sweep::Experiment experiment = sweep::parse_experiment(
        R"({"model": "model", "trained_length": 512, "methods": {"plain": [],
            "yarn": [{"type": "yarn", "factor": 4}]}, "lengths": [512, 1024],
            "evals": [{"type": "passkey", "protocol": "landmark", "trials": 1000}]})",
        folder / "experiment.json");
    const sweep::Prepared prepared(experiment, subject);
    sweep::RunDirectory directory(folder / "run", *storage, sweep::to_json(experiment),
                                  prepared.identity(), base::Json());
    rows += sweep::run_sweep(prepared, directory, {}).cells;
  }
  fs::remove_all(folder);
  state.SetItemsProcessed(rows);
}

BENCHMARK(runner_rows)->Unit(benchmark::kMillisecond);

}  // namespace
