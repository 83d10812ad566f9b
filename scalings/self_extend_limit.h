#pragma once

#include <cstdint>
#include <optional>

namespace scalings {

/// Longest path whose distances stay below the trained length, as the paper has it: (L - W) G + W
/// (Jin et al., section 3.3); L itself where the window covers it. Where G does not divide W it is
/// a few tokens too many.
std::optional<int64_t> self_extend_limit(int64_t original, int64_t group, int64_t window);

}  // namespace scalings
