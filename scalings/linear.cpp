#include "scalings/methods.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

/// inv_freq_i = theta_i / s: positions squeezed by s.
class Linear final : public RopeScaling {
 public:
  explicit Linear(base::StrictObject& params) : original_(params), factor_(params) {}

  nlohmann::json params() const override {
    return {
        {"type", "linear/1"}, {"factor", factor_.json()}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.inv_freq = {plain_frequencies(plan.theta, context.shape.rotary_dim) /
                     factor_.at(context, original_)};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
};

}  // namespace

Scaling make_linear(base::StrictObject& params) { return std::make_unique<Linear>(params); }

}  // namespace scalings
