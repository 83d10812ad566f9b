#include <algorithm>
#include <cmath>
#include <numbers>

#include "scalings/methods.h"

namespace scalings {
namespace {

/// Rounds every wavelength of the chain so far to whole tokens (halves to even), so that angles
/// repeat exactly. The reference code also reuses table rows modulo the wavelength; with angles
/// reduced modulo 2 pi in double that changes nothing.
class Resonance final : public RopeScaling {
 public:
  explicit Resonance(base::StrictObject&) {}

  nlohmann::json params() const override { return {{"type", "resonance/1"}}; }
  void edit(RotaryPlan& plan, const Context&) const override {
    constexpr double turn = 2 * std::numbers::pi;
    for (Eigen::ArrayXd& inv_freq : plan.inv_freq) {
      for (double& frequency : inv_freq) {
        if (frequency == 0) continue;  // a pair that does not rotate has no wavelength
        frequency = turn / std::max(1.0, std::nearbyint(turn / frequency));
      }
    }
  }
};

}  // namespace

Scaling make_resonance(base::StrictObject& params) { return std::make_unique<Resonance>(params); }

}  // namespace scalings
