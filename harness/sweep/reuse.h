#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/sweep/group.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/row.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// Answers in the directory of another run, whatever its experiment, to cells that this one would
/// ask and that have no row in `here`; under the names of method, document and hay that this
/// experiment gives them. A cell and the manifest say all that determines a result, so that more
/// trials, methods or lengths need not begin anew. What has no answer there (failed, skipped ...),
/// or whose log-probabilities are not there, is left to be asked. Throws base::Error when `run`
/// holds no rows, when they cannot be read, or when they were computed otherwise (BOS, norm,
/// window).
std::vector<Row> reusable_rows(const Prepared& prepared, const Selection& selection,
                               const Rows& here, const std::filesystem::path& run);

/// In words, what every cell depends on and the run in the folder `run` has otherwise: "seed is 1
/// there and 2 here", another dtype, model, tokenizer or trained length. Where any is named, no
/// answer of that run can be used (another seed: none of a retrieval eval).
std::vector<std::string> why_none_is_reusable(const Prepared& prepared,
                                              const std::filesystem::path& run);

}  // namespace sweep
