#pragma once

namespace model {

/// One row of a tile of an online softmax, in base 2.
struct SoftmaxRow {
  float scale = 1;    ///< >= 0; logits are scores * scale, in bits: log2(e) is part of it
  float largest = 0;  ///< largest logit so far; lowest() before the first key, so that a key whose
                      ///< logit is -inf weighs nothing even as the first
  float sum = 0;      ///< of 2^(logit - largest)
};

}  // namespace model
