#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "harness/base/random.h"

namespace tests {

/// Draws of one simulated experiment, in sequence: a pure function of (name, repetition).
class Draws {
 public:
  Draws(const std::string& name, int64_t repetition)
      : random_(base::Json::array({name, repetition})) {}

  double unit() { return random_.unit(next_++); }
  bool happens(double probability) { return unit() < probability; }
  int64_t hits(int64_t trials, double probability) {
    int64_t count = 0;
    for (int64_t i = 0; i < trials; ++i) count += happens(probability) ? 1 : 0;
    return count;
  }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - unit()));
    return radius * std::cos(2 * std::numbers::pi * unit());
  }

 private:
  base::CounterRandom random_;
  uint64_t next_ = 0;
};

/// The largest rate that a procedure with a true error rate of 5 % shows, within 3 standard errors.
inline double five_percent_of(int64_t repetitions) {
  return 0.05 + 3 * std::sqrt(0.05 * 0.95 / static_cast<double>(repetitions));
}

}  // namespace tests
