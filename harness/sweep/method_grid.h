#pragma once

#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/sweep/experiment.h"

namespace sweep {

/// Expands `{"grid": [2, 4, 8]}` wherever it stands as a parameter of a chain into one method per
/// value, named `yarn[factor=4]`; several grids give their product, `yarn[factor=4,beta_fast=64]`.
/// A chain without a grid is one method of the given name. Problems carry JSON paths below `path`.
std::vector<Method> expand_grid(const std::string& name, const base::Json& chain,
                                const std::string& path, base::Problems& problems);

}  // namespace sweep
