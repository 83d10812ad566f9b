// Passkey trials of one length, asked as a sweep asks them (what they begin with alike is computed
// once) and one by one: seconds of both from one run, and their ratio. The built-in model spends
// most of its time in attention, a wider one of random weights in linear layers.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "harness/cli/llama_subject.h"
#include "harness/sweep/group.h"
#include "harness/sweep/trial_batches.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

const fs::path built_in = fs::path(ROPEWALK_SOURCE_DIR) / "configs/models/ropewalk-4k";

/// 4 layers, 1,024 wide, with the built-in model's tokenizer.
void write_wide_model(const fs::path& folder) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec(), .dtype = checkpoint::DType::bf16};
  wanted.spec.layers = 4;
  wanted.spec.hidden = 1024;
  wanted.spec.intermediate = 2816;
  wanted.spec.heads = wanted.spec.kv_heads = 16;
  wanted.spec.head_dim = wanted.spec.rotary_dim = 64;
  wanted.spec.vocabulary = 2048;
  tests::write_random_checkpoint(wanted, folder);
  fs::copy_file(built_in / "tokenizer.model", folder / "tokenizer.model");
}

double seconds_of(const std::vector<std::vector<int64_t>>& batches, const sweep::Prepared& prepared,
                  int64_t length, sweep::RunDirectory& directory) {
  const auto start = std::chrono::steady_clock::now();
  const sweep::PreparedMethod& method = prepared.methods().front();
  const auto model = prepared.subject().under(method.chain);
  for (const auto& batch : batches) {
    sweep::retrieval_group(prepared, method, 0, length, batch)->run(*model, directory, {});
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void trials(benchmark::State& state, bool is_wide, int64_t length) {
  const tests::TemporaryFolder folder;
  if (is_wide) write_wide_model(folder.path());
  const sweep::Experiment experiment = sweep::parse_experiment(
      fmt::format(R"({{"model": "{}", "trained_length": 4096, "dtype": "bfloat16",
          "methods": {{"plain": []}}, "lengths": [{}], "evals": [
          {{"type": "passkey", "protocol": "landmark", "trials": 30, "depths": 15}}]}})",
                  (is_wide ? folder.path() : built_in).string(), length),
      folder.path() / "experiment.json");
  const cli::LlamaSubject subject(experiment);
  const sweep::Prepared prepared(experiment, subject);
  const auto storage = sweep::posix_storage();
  sweep::RunDirectory directory(folder.path() / "run", *storage, to_json(experiment),
                                prepared.identity(), base::Json::object());
  std::vector<sweep::SharingTrial> all;
  std::vector<std::vector<int64_t>> singly;
  for (int64_t trial = 0; trial < 30; ++trial) {
    all.push_back({trial, prepared.shared_tokens(0, length, trial)});
    singly.push_back({trial});
  }
  const auto together = sweep::batch_trials(all, prepared.path(0, length));
  double shared = 0;
  double apart = 0;
  for (auto _ : state) {
    apart += seconds_of(singly, prepared, length, directory);
    shared += seconds_of(together, prepared, length, directory);
  }
  state.counters["together_s"] = shared / static_cast<double>(state.iterations());
  state.counters["one_by_one_s"] = apart / static_cast<double>(state.iterations());
  state.counters["ratio"] = apart / shared;
}

BENCHMARK_CAPTURE(trials, built_in_4096, false, 4096)->Iterations(2)->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(trials, built_in_16384, false, 16384)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(trials, wide_4096, true, 4096)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
