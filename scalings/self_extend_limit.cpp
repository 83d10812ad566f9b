#include "scalings/self_extend_limit.h"

namespace scalings {

std::optional<int64_t> self_extend_limit(int64_t original, int64_t group, int64_t window) {
  if (window >= original) return original;
  return (original - window) * group + window;
}

}  // namespace scalings
