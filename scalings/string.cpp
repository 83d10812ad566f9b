#include <fmt/format.h>

#include "scalings/methods.h"
#include "scalings/positions.h"
#include "scalings/yarn_ramp.h"

namespace scalings {
namespace {

/// distance = i - j - shift + window for keys at distance >= shift: the far, rarely trained
/// distances are replaced by nearer ones. Key i - shift counts once, as in the code's decoding (its
/// prefill attends it twice).
class String final : public RopeScaling {
 public:
  static constexpr const char* name = "string/1";

  explicit String(base::StrictObject& params)
      : shift_(params.integer("shift", 1, int64_t{1} << 31)),
        window_(params.integer("window", 0, int64_t{1} << 31)) {
    if (window_ > shift_) {
      params.problems().add(params.at("window"),
                            fmt::format("must be <= shift {} (got {})", shift_, window_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", name}, {"shift", shift_}, {"window", window_}};
  }
  void edit(RotaryPlan& plan, const Context&) const override {
    require_plain_positions(plan, name);
    const Eigen::ArrayXd position = plan.rulers[0].position;
    split_at_window(plan, shift_, position + static_cast<double>(window_ - shift_), position);
    plan.magnitude *= yarn_magnitude(2);
  }

 private:
  int64_t shift_;
  int64_t window_;
};

}  // namespace

Scaling make_string(base::StrictObject& params) { return std::make_unique<String>(params); }

}  // namespace scalings
