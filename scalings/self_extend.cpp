#include <algorithm>
#include <cmath>

#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/positions.h"
#include "scalings/self_extend_limit.h"

namespace scalings {
namespace {

/// Distances beyond the window are measured between groups of tokens,
/// floor(i/G) - floor(j/G) + shift, where the shift lets them continue at the window: W -
/// floor(W/G) in the paper, W - W/G in the published code's prefill (the same where G divides W).
class SelfExtend final : public RopeScaling {
 public:
  SelfExtend(base::StrictObject& params, const char* name, bool floors_shift)
      : name_(name),
        floors_shift_(floors_shift),
        original_(params),
        group_(params.integer("group", 1, int64_t{1} << 31)),
        window_(params.integer("window", 1, int64_t{1} << 31)) {}

  nlohmann::json params() const override {
    return {{"type", name_},
            {"group", group_},
            {"window", window_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context&) const override {
    require_plain_positions(plan, name_);
    const auto window = static_cast<double>(window_);
    const double groups = window / static_cast<double>(group_);
    const double shift = window - (floors_shift_ ? std::floor(groups) : groups);
    const Eigen::ArrayXd position = grouped(plan, group_);
    split_at_window(plan, window_, position + shift, position);
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return self_extend_limit(original_.tokens(shape), group_, window_);
  }

 private:
  const char* name_;
  bool floors_shift_;
  OriginalLength original_;
  int64_t group_;
  int64_t window_;
};

}  // namespace

Scaling make_self_extend(base::StrictObject& params) {
  return std::make_unique<SelfExtend>(params, "self_extend/1", true);
}
Scaling make_self_extend_shifted(base::StrictObject& params) {
  return std::make_unique<SelfExtend>(params, "self_extend_shifted/1", false);
}

}  // namespace scalings
