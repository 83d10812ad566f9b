#pragma once

#include <cstdint>
#include <vector>

namespace sweep {

/// One branch of a document, without its tokens.
struct BranchShape {
  int64_t fork = 0;
  int64_t tokens = 0;  ///< of its own
  int64_t scored = 0;

  int64_t path() const { return fork + tokens; }
};

/// One pass of the model over tokens.
struct Pass {
  int64_t tokens = 0;  ///< computed: of a trunk and its branches
  int64_t path = 0;    ///< tokens of the longest path
  int64_t scored = 0;
  std::vector<BranchShape> branches = {};  ///< none: one path, which is scored at its end
};

}  // namespace sweep
