#include "harness/sweep/trial_batches.h"

#include <algorithm>

namespace sweep {
namespace {

constexpr int64_t paths_of_rows = 2;
constexpr size_t most_trials = 64;  // joining compares each with each

bool begins_alike(const RetrievalEval& eval) {
  const evals::Hay hay = evals::find_retrieval_protocol(eval.protocol)->hay;
  return eval.placement == evals::Placement::per_length &&
         (hay == evals::Hay::repeated || hay == evals::Hay::sliced);
}

/// Tokens that a prompt is expected to share with one whose needle lies deeper.
int64_t shared_tokens(const RetrievalEval& eval, int64_t length, int64_t trial) {
  const double share = eval.absent ? 1 : eval.depths.of_trial(trial).from;
  const auto tokens = static_cast<int64_t>(share * static_cast<double>(length));
  return tokens / evals::exact_fork * evals::exact_fork;
}

}  // namespace

std::vector<std::vector<int64_t>> batch_trials(const RetrievalEval& eval, int64_t length,
                                               const std::vector<int64_t>& trials) {
  std::vector<std::vector<int64_t>> batches;
  if (!begins_alike(eval)) {
    for (const int64_t trial : trials) batches.push_back({trial});
    return batches;
  }
  std::vector<int64_t> deepest_first = trials;
  std::stable_sort(deepest_first.begin(), deepest_first.end(), [&](int64_t trial, int64_t other) {
    return shared_tokens(eval, length, trial) > shared_tokens(eval, length, other);
  });
  int64_t rows = 0;
  for (const int64_t trial : deepest_first) {
    const int64_t shared = shared_tokens(eval, length, trial);
    const int64_t own = length - shared;
    if (batches.empty() || shared == 0 || rows + own > paths_of_rows * length ||
        batches.back().size() == most_trials) {
      batches.emplace_back();
      rows = shared;
    }
    rows += own;
    batches.back().push_back(trial);
  }
  for (auto& batch : batches) std::sort(batch.begin(), batch.end());
  return batches;
}

}  // namespace sweep
