#include "scalings/log_n.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// distance = window + (i - j - window) / factor beyond the window.
class LeakyReRope final : public RopeScaling {
 public:
  static constexpr const char* name = "leaky_rerope/1";

  explicit LeakyReRope(base::StrictObject& params)
      : original_(params),
        window_(params.integer("window", 1, int64_t{1} << 31)),
        factor_(params),
        log_n_(params.boolean("log_n", true)) {}

  nlohmann::json params() const override {
    return {{"type", name},
            {"window", window_},
            {"factor", factor_.json()},
            {"log_n", log_n_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    const double factor = factor_.at(context, original_);
    const double offset = static_cast<double>(window_) * (factor - 1);
    const Eigen::ArrayXd position = plan.rulers[0].position;
    split_at_window(plan, window_, (position + offset) / factor, position / factor);
    if (log_n_) plan.gain *= log_n_gain(context.length, original_(context.shape));
  }
  /// Where window + (n - window) / factor reaches L.
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    const int64_t original = original_.tokens(shape);
    if (window_ >= original) return original;
    const auto stretched = factor_.scaled(original - window_);
    if (!stretched) return {};
    return window_ + *stretched;
  }

 private:
  OriginalLength original_;
  int64_t window_;
  Factor factor_;
  bool log_n_;
};

}  // namespace

Scaling make_leaky_rerope(base::StrictObject& params) {
  return std::make_unique<LeakyReRope>(params);
}

}  // namespace scalings
