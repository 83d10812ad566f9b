#include <cmath>
#include <numbers>

#include "scalings/methods.h"

namespace scalings {
namespace {

/// With rho = 2 pi / period: fast pairs (theta >= rho) stay, those down to rho/8 all turn at
/// rho/16, slower ones stop.
class Truncated final : public RopeScaling {
 public:
  explicit Truncated(base::StrictObject& params)
      : period_(params.number("period", base::Bounds::above(0))) {}

  nlohmann::json params() const override { return {{"type", "truncated/1"}, {"period", period_}}; }
  void edit(RotaryPlan& plan, const Context&) const override {
    const double cutoff = 2 * std::numbers::pi / period_;
    for (Eigen::ArrayXd& inv_freq : plan.inv_freq) {
      for (double& frequency : inv_freq) {
        if (frequency >= cutoff) continue;
        frequency = frequency >= cutoff / 8 ? cutoff / 16 : 0;
      }
    }
  }

 private:
  double period_;
};

/// theta_i (1 - i / (d/2))^k.
class Power final : public RopeScaling {
 public:
  explicit Power(base::StrictObject& params)
      : exponent_(params.number("exponent", base::Bounds::at_least(0))) {}

  nlohmann::json params() const override { return {{"type", "power/1"}, {"exponent", exponent_}}; }
  void edit(RotaryPlan& plan, const Context&) const override {
    for (Eigen::ArrayXd& inv_freq : plan.inv_freq) {
      const auto pairs = static_cast<double>(inv_freq.size());
      for (int64_t pair = 0; pair < inv_freq.size(); ++pair) {
        inv_freq[pair] *= std::pow(1 - static_cast<double>(pair) / pairs, exponent_);
      }
    }
  }

 private:
  double exponent_;
};

}  // namespace

Scaling make_truncated(base::StrictObject& params) { return std::make_unique<Truncated>(params); }
Scaling make_power(base::StrictObject& params) { return std::make_unique<Power>(params); }

}  // namespace scalings
