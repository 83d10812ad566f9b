#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/checkpoint/weights.h"

namespace audit {

/// How far two tensors of one shape are the same numbers.
struct TensorSimilarity {
  std::string name;  ///< in the first checkpoint
  bool is_equal = false;
  double cosine = 0;  ///< <a, b> / (|a| |b|); 1 for equal directions, near 0 for unrelated weights
  double scale = 0;   ///< <a, b> / <b, b>: a is about scale x b
};

/// Reads both once, block by block. Both hold numbers of the same shape; NaN where one is all zero.
TensorSimilarity compare_tensors(const checkpoint::TensorView& first,
                                 const checkpoint::TensorView& second);

}  // namespace audit
