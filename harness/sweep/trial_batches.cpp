#include "harness/sweep/trial_batches.h"

#include <algorithm>

#include "evals/document.h"

namespace sweep {
namespace {

constexpr int64_t paths_of_rows = 2;
constexpr size_t most_trials = 64;  // joining compares each with each

int64_t whole_blocks(int64_t tokens) { return tokens / evals::exact_fork * evals::exact_fork; }

}  // namespace

std::vector<std::vector<int64_t>> batch_trials(std::vector<SharingTrial> trials, int64_t path) {
  std::stable_sort(trials.begin(), trials.end(),
                   [](const SharingTrial& trial, const SharingTrial& other) {
                     return trial.shared > other.shared;
                   });
  std::vector<std::vector<int64_t>> batches;
  int64_t rows = 0;
  for (const SharingTrial& trial : trials) {
    const int64_t shared = whole_blocks(trial.shared);
    const int64_t own = whole_blocks(path - shared + evals::exact_fork - 1);
    if (batches.empty() || shared == 0 || rows + own > paths_of_rows * path ||
        batches.back().size() == most_trials) {
      batches.emplace_back();
      rows = path;
    } else {
      rows += own;
    }
    batches.back().push_back(trial.trial);
  }
  for (auto& batch : batches) std::sort(batch.begin(), batch.end());
  return batches;
}

}  // namespace sweep
