#pragma once

#include <filesystem>
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

}  // namespace sweep
