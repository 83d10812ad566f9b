#pragma once

#include <cstdint>
#include <vector>

#include "harness/sweep/experiment.h"

namespace sweep {

/// Trials of a retrieval eval that are asked in one pass of the model, since their prompts begin
/// alike: repeated hay is the same up to the needle. Deepest needles first, and no more than have
/// the rows of two whole paths together, so that a pass never costs much more memory, or time that
/// an interruption would lose. Where prompts have nothing to share, every trial is on its own.
///
/// Each of `trials` is in one batch; a batch is in ascending order.
std::vector<std::vector<int64_t>> batch_trials(const RetrievalEval& eval, int64_t length,
                                               const std::vector<int64_t>& trials);

}  // namespace sweep
