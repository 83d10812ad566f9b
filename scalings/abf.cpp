#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "harness/base/error.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

/// Plain RoPE at another base: a given one, or the critical base b^(ln(L'/2pi) / ln(L/2pi)), at
/// which the pair that turned once in L turns once in L'.
class Abf final : public RopeScaling {
 public:
  explicit Abf(base::StrictObject& params)
      : original_(params), theta_(optional_number(params, "theta", base::Bounds::above(1))) {
    const bool by_length = params.has("target_length");
    const int64_t target = params.integer("target_length", 7, int64_t{1} << 31, 7);
    if (by_length) target_length_ = target;
    if (theta_.has_value() == by_length) {
      params.problems().add(params.path(), "needs exactly one of theta and target_length");
    }
  }

  nlohmann::json params() const override {
    return {{"type", "abf/1"},
            {"theta", json_or_null(theta_)},
            {"target_length", target_length_ ? nlohmann::json(*target_length_) : nlohmann::json()},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.theta = theta_ ? *theta_ : critical_base(plan.theta, context.shape);
    plan.inv_freq = {plain_frequencies(plan.theta, context.shape.rotary_dim)};
  }
  std::optional<int64_t> stated_limit(const RopeShape&) const override { return target_length_; }

 private:
  double critical_base(double theta, const RopeShape& shape) const {
    if (original_.tokens(shape) < 7) {
      throw base::Error(base::Fault::input, "",
                        {"abf/1: target_length",
                         fmt::format("needs a trained length of at least 7 tokens, more than one "
                                     "turn of the first pair (got {})",
                                     original_.tokens(shape)),
                         "give theta instead"});
    }
    const double turn = 2 * std::numbers::pi;
    return std::pow(theta, std::log(static_cast<double>(*target_length_) / turn) /
                               std::log(original_(shape) / turn));
  }

  OriginalLength original_;
  std::optional<double> theta_;
  std::optional<int64_t> target_length_;
};

}  // namespace

Scaling make_abf(base::StrictObject& params) { return std::make_unique<Abf>(params); }

}  // namespace scalings
