#pragma once

#include "scalings/plan.h"

namespace scalings {

/// Throws base::Error naming `method` unless the plan still measures every token with one ruler:
/// methods that choose rulers, views and spans cannot build on one another.
void require_plain_positions(const RotaryPlan& plan, const char* method);

}  // namespace scalings
