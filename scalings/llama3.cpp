#include <fmt/format.h>

#include "scalings/blend.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

class Llama3 final : public RopeScaling {
 public:
  explicit Llama3(base::StrictObject& params)
      : original_(params),
        factor_(params, 8),
        low_(params.number("low_freq_factor", base::Bounds::above(0), 1)),
        high_(params.number("high_freq_factor", base::Bounds::above(0), 4)) {
    // Equal is allowed: Llama 4's code has such a default, with no band between.
    if (high_ < low_) {
      params.problems().add(params.at("high_freq_factor"),
                            fmt::format("must be >= low_freq_factor {} (got {})", low_, high_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", "llama3/1"},
            {"factor", factor_.json()},
            {"low_freq_factor", low_},
            {"high_freq_factor", high_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.inv_freq = {blended_by_turns(plan.theta, context.shape.rotary_dim,
                                      original_(context.shape), factor_.at(context, original_),
                                      low_, high_)};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
  double low_;
  double high_;
};

}  // namespace

Scaling make_llama3(base::StrictObject& params) { return std::make_unique<Llama3>(params); }

}  // namespace scalings
