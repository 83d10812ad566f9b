#pragma once

#include <cstdint>
#include <optional>

#include "scalings/scaling.h"

namespace scalings {

/// How far a chain lets a query see, against the distances 0 .. trained_length - 1 that the model
/// was trained on.
struct Reach {
  double largest_distance = 0;                 ///< at context.length
  std::optional<int64_t> first_length_beyond;  ///< first length at which a distance is untrained
  std::optional<int64_t> stated_limit;         ///< what the method's own rule claims, tokens
};

/// Looks for first_length_beyond up to `longest` tokens. Throws what make_plan throws.
Reach reach(const Chain& chain, const Context& context, int64_t longest);

}  // namespace scalings
