#include <fmt/format.h>

#include "scalings/blend.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/yarn_ramp.h"

namespace scalings {
namespace {

class NtkByParts final : public RopeScaling {
 public:
  explicit NtkByParts(base::StrictObject& params)
      : original_(params),
        factor_(params),
        alpha_(params.number("alpha", base::Bounds::at_least(0), 1)),
        beta_(params.number("beta", base::Bounds::above(0), 32)) {
    if (beta_ <= alpha_) {
      params.problems().add(params.at("beta"),
                            fmt::format("must be > alpha {} (got {})", alpha_, beta_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", "ntk_by_parts/1"},
            {"factor", factor_.json()},
            {"alpha", alpha_},
            {"beta", beta_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.inv_freq = {blended_by_turns(plan.theta, context.shape.rotary_dim,
                                      original_(context.shape), factor_.at(context, original_),
                                      alpha_, beta_)};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
  double alpha_;
  double beta_;
};

class NtkByPartsIndex final : public RopeScaling {
 public:
  explicit NtkByPartsIndex(base::StrictObject& params)
      : original_(params), factor_(params), ramp_(params) {}

  nlohmann::json params() const override {
    nlohmann::json out = {{"type", "ntk_by_parts_index/1"},
                          {"factor", factor_.json()},
                          {"original_length", original_.json()}};
    ramp_.write(out);
    return out;
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.inv_freq = {ramp_.frequencies(plan.theta, context.shape.rotary_dim,
                                       original_(context.shape), factor_.at(context, original_))};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
  YarnRamp ramp_;
};

}  // namespace

Scaling make_ntk_by_parts(base::StrictObject& params) {
  return std::make_unique<NtkByParts>(params);
}
Scaling make_ntk_by_parts_index(base::StrictObject& params) {
  return std::make_unique<NtkByPartsIndex>(params);
}

}  // namespace scalings
