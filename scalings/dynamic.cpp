#include <algorithm>

#include "scalings/methods.h"
#include "scalings/ntk_theta.h"
#include "scalings/parameters.h"
#include "scalings/yarn_ramp.h"

// Length-dependent methods. All tokens of a path share the frequencies that its whole length asks
// for, as in one Transformers forward over it; what a decoder with a cache of rotated keys would
// see is another semantics, which these names do not claim.
namespace scalings {
namespace {

/// n / L, at least 1.
double stretch(const Context& context, const OriginalLength& original) {
  return std::max(1.0, static_cast<double>(context.length) / original(context.shape));
}

class DynamicLinear final : public RopeScaling {
 public:
  explicit DynamicLinear(base::StrictObject& params) : original_(params) {}

  nlohmann::json params() const override {
    return {{"type", "dynamic_linear/1"}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.inv_freq = {plain_frequencies(plan.theta, context.shape.rotary_dim) /
                     stretch(context, original_)};
  }

 private:
  OriginalLength original_;
};

class DynamicNtk final : public RopeScaling {
 public:
  explicit DynamicNtk(base::StrictObject& params)
      : original_(params), factor_(params.number("factor", base::Bounds::at_least(1), 1)) {}

  nlohmann::json params() const override {
    return {{"type", "dynamic_ntk/1"}, {"factor", factor_}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const double alpha = factor_ * (stretch(context, original_) - 1) + 1;
    const int64_t rotary_dim = context.shape.rotary_dim;
    plan.theta = ntk_theta(plan.theta, alpha, rotary_dim, "dynamic_ntk/1");
    plan.inv_freq = {plain_frequencies(plan.theta, rotary_dim)};
  }

 private:
  OriginalLength original_;
  double factor_;
};

class DynamicNtkVllm final : public RopeScaling {
 public:
  explicit DynamicNtkVllm(base::StrictObject& params)
      : original_(params), factor_(params.number("factor", base::Bounds::at_least(1))) {}

  nlohmann::json params() const override {
    return {
        {"type", "dynamic_ntk_vllm/1"}, {"factor", factor_}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const double alpha = factor_ * (factor_ - 1) + 1;
    const int64_t rotary_dim = context.shape.rotary_dim;
    plan.theta = ntk_theta(plan.theta, alpha, rotary_dim, "dynamic_ntk_vllm/1");
    plan.inv_freq = {plain_frequencies(plan.theta, rotary_dim)};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return static_cast<int64_t>(std::min(factor_ * original_(shape), 0x1p62));
  }

 private:
  OriginalLength original_;
  double factor_;
};

class DynamicYarn final : public RopeScaling {
 public:
  explicit DynamicYarn(base::StrictObject& params) : original_(params), ramp_(params) {}

  nlohmann::json params() const override {
    nlohmann::json out = {{"type", "dynamic_yarn/1"}, {"original_length", original_.json()}};
    ramp_.write(out);
    return out;
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const double scale = stretch(context, original_);
    plan.inv_freq = {
        ramp_.frequencies(plan.theta, context.shape.rotary_dim, original_(context.shape), scale)};
    plan.magnitude *= yarn_magnitude(scale);
  }

 private:
  OriginalLength original_;
  YarnRamp ramp_;
};

}  // namespace

Scaling make_dynamic_linear(base::StrictObject& params) {
  return std::make_unique<DynamicLinear>(params);
}
Scaling make_dynamic_ntk(base::StrictObject& params) {
  return std::make_unique<DynamicNtk>(params);
}
Scaling make_dynamic_ntk_vllm(base::StrictObject& params) {
  return std::make_unique<DynamicNtkVllm>(params);
}
Scaling make_dynamic_yarn(base::StrictObject& params) {
  return std::make_unique<DynamicYarn>(params);
}

}  // namespace scalings
