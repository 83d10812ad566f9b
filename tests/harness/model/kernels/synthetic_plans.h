#pragma once

#include <cstdint>

#include "scalings/plan.h"

namespace model_test {

scalings::RotaryPlan plain(int64_t length, int64_t head_dim, int64_t rotary_dim);

/// A plan that no method would make: three rulers (one backwards, one in steps) on two sets of
/// frequencies, four views, a sink, gaps, ragged spans that move irregularly with the query, gains
/// in [0.5, 1.7], one negative, and magnitude 1.2. A pure function of its arguments.
scalings::RotaryPlan ragged(int64_t length, int64_t head_dim, int64_t rotary_dim, uint64_t seed);

}  // namespace model_test
