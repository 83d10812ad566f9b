#pragma once

#include <cstdint>

#include "scalings/plan.h"

namespace scalings {

/// Throws base::Error naming `method` unless the plan still shows every query all tokens up to its
/// own through one ruler: methods that choose rulers, views and spans cannot build on one another.
void require_plain_positions(const RotaryPlan& plan, const char* method);

/// Makes keys at distance >= window seen through (far_query, far_key), nearer ones as they are: the
/// shape that ReRoPE, Self-Extend and STRING share. A ruler that is equal to one the plan has costs
/// nothing, the normal form merges them.
void split_at_window(RotaryPlan& plan, int64_t window, Eigen::ArrayXd far_query,
                     Eigen::ArrayXd far_key);

/// floor(position / group) of the plan's first ruler.
Eigen::ArrayXd grouped(const RotaryPlan& plan, int64_t group);

}  // namespace scalings
