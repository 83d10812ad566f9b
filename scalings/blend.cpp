#include "scalings/blend.h"

#include <cmath>
#include <numbers>

#include "scalings/plan.h"

namespace scalings {

Eigen::ArrayXd blended_by_turns(double theta, int64_t rotary_dim, double window, double factor,
                                double low, double high) {
  Eigen::ArrayXd inv_freq = plain_frequencies(theta, rotary_dim);
  for (double& frequency : inv_freq) {
    const double turns = window * frequency / (2 * std::numbers::pi);
    if (turns >= high) continue;
    const double kept = turns <= low ? 0.0 : (turns - low) / (high - low);
    frequency = std::lerp(frequency / factor, frequency, kept);
  }
  return inv_freq;
}

}  // namespace scalings
