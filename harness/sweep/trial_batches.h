#pragma once

#include <cstdint>
#include <vector>

namespace sweep {

/// A retrieval trial, and how many tokens its prompt begins with as every prompt does whose needle
/// lies deeper.
struct SharingTrial {
  int64_t trial = 0;
  int64_t shared = 0;
};

/// Which trials of one length are asked in one pass of the model, so that what their prompts begin
/// with alike is computed once. Deepest needles first, and no more of them than have the rows of
/// two whole paths together: a pass then needs twice the memory of one path at most, and costs, or
/// loses when it is interrupted, three times its work at most. Trials that share no whole block of
/// evals::exact_fork tokens are on their own.
///
/// `path`: tokens of each prompt. Each of `trials` is in one batch; a batch is in ascending order.
std::vector<std::vector<int64_t>> batch_trials(std::vector<SharingTrial> trials, int64_t path);

}  // namespace sweep
