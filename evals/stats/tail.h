#pragma once

#include <cstdint>
#include <vector>

#include "evals/stats/bootstrap.h"

namespace evals::stats {

/// Order statistic that cuts off alpha of the resamples: floor((resamples + 1) alpha), so that the
/// bounds err on the wide side. Throws base::Error(Fault::input) when that is none, or when alpha
/// is not in (0, 0.5).
int64_t tail_rank(const Resampling& resampling);

/// The rank-th smallest and the rank-th largest value; reorders `values`.
Interval tails_of(std::vector<double>& values, int64_t rank);

}  // namespace evals::stats
