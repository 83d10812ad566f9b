#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "harness/checkpoint/audit/naming.h"

namespace audit {

/// A known architecture, and what an unknown structure has beyond it.
struct Nearest {
  Reading reading;
  std::vector<Pattern> beyond;
};

/// infer_structure, or what a test counts its calls with.
using Inference = std::function<Structure(const std::vector<ShapeInLayer>&)>;

/// Leaves out any one name, and any two, and looks whether the rest of the tensors is a known
/// architecture: the norms that Qwen3 puts on queries and keys are found so. Of several choices it
/// takes the one that leaves the fewest names that are not at home there, and then the smaller.
/// Nothing when no choice does, or when there are too many names to try.
///
/// Layers must be alike and counted from 0 (Structure::irregularity is empty): one stands for all.
/// `infer` is called for every choice, so that what it is given must not grow with the layers, of
/// which a few bytes of a hostile table make thousands.
std::optional<Nearest> find_nearest(const std::vector<NamedShape>& tensors,
                                    const Inference& infer = infer_structure);

}  // namespace audit
