#pragma once

#include <optional>
#include <vector>

#include "harness/checkpoint/audit/naming.h"

namespace audit {

/// A known architecture, and what an unknown structure has beyond it.
struct Nearest {
  Reading reading;
  std::vector<Pattern> beyond;
};

/// Leaves out any one name, and any two, and looks whether the rest of the tensors is a known
/// architecture: the norms that Qwen3 puts on queries and keys are found so. Of several choices it
/// takes the one that leaves the fewest names that are not at home there, and then the smaller.
/// Nothing when no choice does, or when there are too many names to try.
std::optional<Nearest> find_nearest(const std::vector<NamedShape>& tensors);

}  // namespace audit
