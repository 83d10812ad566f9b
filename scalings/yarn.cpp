#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/yarn_ramp.h"

namespace scalings {
namespace {

class Yarn final : public RopeScaling {
 public:
  explicit Yarn(base::StrictObject& params)
      : original_(params),
        factor_(params),
        ramp_(params),
        attention_factor_(optional_number(params, "attention_factor", base::Bounds::above(0))),
        mscale_(optional_number(params, "mscale", base::Bounds::at_least(0))),
        mscale_all_dim_(optional_number(params, "mscale_all_dim", base::Bounds::at_least(0))) {}

  nlohmann::json params() const override {
    nlohmann::json out = {{"type", "yarn/1"},
                          {"factor", factor_.json()},
                          {"original_length", original_.json()},
                          {"attention_factor", json_or_null(attention_factor_)},
                          {"mscale", json_or_null(mscale_)},
                          {"mscale_all_dim", json_or_null(mscale_all_dim_)}};
    ramp_.write(out);
    return out;
  }

  void edit(RotaryPlan& plan, const Context& context) const override {
    const double factor = factor_.at(context, original_);
    plan.inv_freq = {
        ramp_.frequencies(plan.theta, context.shape.rotary_dim, original_(context.shape), factor)};
    plan.magnitude *= magnitude(factor);
  }

  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  /// Transformers' rules: an explicit value wins, then DeepSeek's ratio when both are non-zero.
  double magnitude(double factor) const {
    if (attention_factor_) return *attention_factor_;
    if (mscale_.value_or(0) != 0 && mscale_all_dim_.value_or(0) != 0) {
      return yarn_magnitude(factor, *mscale_) / yarn_magnitude(factor, *mscale_all_dim_);
    }
    return yarn_magnitude(factor);
  }

  OriginalLength original_;
  Factor factor_;
  YarnRamp ramp_;
  std::optional<double> attention_factor_;
  std::optional<double> mscale_;
  std::optional<double> mscale_all_dim_;
};

}  // namespace

Scaling make_yarn(base::StrictObject& params) { return std::make_unique<Yarn>(params); }

}  // namespace scalings
