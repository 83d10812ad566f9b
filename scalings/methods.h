#pragma once

#include <memory>

#include "harness/base/json.h"
#include "scalings/scaling.h"

namespace scalings {

using Scaling = std::unique_ptr<const RopeScaling>;

/// Factories, one per line of the catalog. Each asks `params` for its keys, reports what is wrong
/// there, and returns a method all the same: the caller throws when there were problems.
Scaling make_linear(base::StrictObject& params);
Scaling make_yarn(base::StrictObject& params);

}  // namespace scalings
