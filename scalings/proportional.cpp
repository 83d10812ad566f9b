#include <cmath>

#include "scalings/methods.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

/// theta_i / s for the fastest floor(fraction * pairs) pairs; the rest do not rotate.
class Proportional final : public RopeScaling {
 public:
  explicit Proportional(base::StrictObject& params)
      : original_(params), factor_(params, 1), fraction_(params.number("fraction", {0, 1, true})) {}

  nlohmann::json params() const override {
    return {{"type", "proportional/1"},
            {"fraction", fraction_},
            {"factor", factor_.json()},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    Eigen::ArrayXd inv_freq =
        plain_frequencies(plan.theta, context.shape.rotary_dim) / factor_.at(context, original_);
    const auto rotating = static_cast<int64_t>(
        std::floor(fraction_ * static_cast<double>(context.shape.rotary_dim) / 2));
    inv_freq.tail(inv_freq.size() - rotating) = 0;
    plan.inv_freq = {inv_freq};
  }

 private:
  OriginalLength original_;
  Factor factor_;
  double fraction_;
};

}  // namespace

Scaling make_proportional(base::StrictObject& params) {
  return std::make_unique<Proportional>(params);
}

}  // namespace scalings
