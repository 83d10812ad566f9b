#include "scalings/log_n.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// distance = min(i - j, window): far keys all look as far away as the window's edge.
class ReRope final : public RopeScaling {
 public:
  static constexpr const char* name = "rerope/1";

  explicit ReRope(base::StrictObject& params)
      : original_(params),
        window_(params.integer("window", 1, int64_t{1} << 31)),
        log_n_(params.boolean("log_n", true)) {}

  nlohmann::json params() const override {
    return {{"type", name},
            {"window", window_},
            {"log_n", log_n_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    const int64_t length = context.length;
    split_at_window(plan, window_, Eigen::ArrayXd::Constant(length, static_cast<double>(window_)),
                    Eigen::ArrayXd::Zero(length));
    if (log_n_) plan.gain *= log_n_gain(length, original_(context.shape));
  }

 private:
  OriginalLength original_;
  int64_t window_;
  bool log_n_;
};

}  // namespace

Scaling make_rerope(base::StrictObject& params) { return std::make_unique<ReRope>(params); }

}  // namespace scalings
