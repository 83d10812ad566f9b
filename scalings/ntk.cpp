#include <cmath>

#include "scalings/methods.h"
#include "scalings/ntk_theta.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

class Ntk final : public RopeScaling {
 public:
  explicit Ntk(base::StrictObject& params) : original_(params), factor_(params) {}

  nlohmann::json params() const override {
    return {{"type", "ntk/1"}, {"factor", factor_.json()}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const int64_t rotary_dim = context.shape.rotary_dim;
    plan.theta = ntk_theta(plan.theta, factor_.at(context, original_), rotary_dim, "ntk/1");
    plan.inv_freq = {plain_frequencies(plan.theta, rotary_dim)};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
};

/// inv_freq_i = (b k)^(-2i/d) / k^(2/d).
class NtkFixed final : public RopeScaling {
 public:
  explicit NtkFixed(base::StrictObject& params) : original_(params), factor_(params) {}

  nlohmann::json params() const override {
    return {
        {"type", "ntk_fixed/1"}, {"factor", factor_.json()}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const double factor = factor_.at(context, original_);
    const int64_t rotary_dim = context.shape.rotary_dim;
    plan.inv_freq = {plain_frequencies(plan.theta * factor, rotary_dim) /
                     std::pow(factor, 2.0 / static_cast<double>(rotary_dim))};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
};

/// inv_freq_i = theta_i exp(-a (i+1)^beta), a = ln k / (d/2)^beta: the slow-down grows with the
/// pair and reaches k at the last one.
class NtkMixed final : public RopeScaling {
 public:
  explicit NtkMixed(base::StrictObject& params)
      : original_(params),
        factor_(params),
        beta_(params.number("beta", base::Bounds::above(0), 0.75)) {}

  nlohmann::json params() const override {
    return {{"type", "ntk_mixed/1"},
            {"factor", factor_.json()},
            {"beta", beta_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    Eigen::ArrayXd inv_freq = plain_frequencies(plan.theta, context.shape.rotary_dim);
    const auto pairs = static_cast<double>(inv_freq.size());
    const double slope = std::log(factor_.at(context, original_)) / std::pow(pairs, beta_);
    for (int64_t pair = 0; pair < inv_freq.size(); ++pair) {
      inv_freq[pair] *= std::exp(-slope * std::pow(static_cast<double>(pair + 1), beta_));
    }
    plan.inv_freq = {inv_freq};
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  OriginalLength original_;
  Factor factor_;
  double beta_;
};

}  // namespace

Scaling make_ntk(base::StrictObject& params) { return std::make_unique<Ntk>(params); }
Scaling make_ntk_fixed(base::StrictObject& params) { return std::make_unique<NtkFixed>(params); }
Scaling make_ntk_mixed(base::StrictObject& params) { return std::make_unique<NtkMixed>(params); }

}  // namespace scalings
