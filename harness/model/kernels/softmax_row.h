#pragma once

namespace model {

/// Chebyshev fit of 2^f on [-1/2, 1/2], highest degree first: relative error 8e-8.
inline constexpr float exp2_fit[] = {0.00133908633647F, 0.00967603191832F, 0.0555035711422F,
                                     0.240221074853F,   0.693147188026F,   1.00000007545F};

/// One row of a tile of an online softmax, in base 2.
struct SoftmaxRow {
  float scale = 1;    ///< >= 0; logits are scores * scale, in bits: log2(e) is part of it
  float largest = 0;  ///< largest logit so far; lowest() before the first key, so that a key whose
                      ///< logit is -inf weighs nothing even as the first
  float sum = 0;      ///< of 2^(logit - largest)
};

}  // namespace model
