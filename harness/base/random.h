#pragma once

#include <array>
#include <cstdint>

#include "harness/base/json.h"

namespace base {

/// Philox4x32-10 (Salmon et al., SC 2011, "Parallel random numbers: as easy as 1, 2, 3").
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Counter-based random numbers: the n-th draw is a pure function of (identity, n), so that adding
/// a length, a depth or a trial to an experiment changes nobody else's draws. The identity is any
/// JSON value, e.g. [seed, "passkey/landmark", length, depth, trial]; its canonical SHA-256 keys
/// Philox.
class CounterRandom {
 public:
  explicit CounterRandom(const Json& identity);

  uint64_t bits(uint64_t draw) const;
  /// Uniform in [0, bound), 1 <= bound <= 2^62; multiply-shift, bias below bound / 2^64.
  int64_t below(uint64_t draw, int64_t bound) const;
  /// Uniform in [0, 1), 53 bits.
  double unit(uint64_t draw) const;

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 2> stream_;
};

}  // namespace base
