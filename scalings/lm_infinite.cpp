#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scalings/methods.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// Attends the last `window` tokens and the first `global_tokens`, which never look farther away
/// than the distance ceiling.
class LmInfinite final : public RopeScaling {
 public:
  static constexpr const char* name = "lm_infinite/1";

  explicit LmInfinite(base::StrictObject& params)
      : window_(params.integer("window", 1, int64_t{1} << 31)),
        global_(params.integer("global_tokens", 0, int64_t{1} << 31)),
        ceiling_(params.integer("distance_ceiling", 1, int64_t{1} << 31, window_)) {
    if (ceiling_ < window_) {
      params.problems().add(params.at("distance_ceiling"),
                            fmt::format("must be >= window {} (got {})", window_, ceiling_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", name},
            {"window", window_},
            {"global_tokens", global_},
            {"distance_ceiling", ceiling_}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    const int64_t length = context.length;
    plan.rulers.push_back({Eigen::ArrayXd::Constant(length, static_cast<double>(ceiling_)), 0});
    plan.rulers.push_back({Eigen::ArrayXd::Zero(length), 0});
    plan.views.push_back({1, 2});
    SpanTable spans;
    for (int64_t query = 0; query < length; ++query) {
      const int64_t near = std::max<int64_t>(0, query - window_ + 1);
      const int64_t global = std::min(global_, near);
      const int64_t capped = std::clamp<int64_t>(query - ceiling_ + 1, 0, global);
      spans.push_row(std::array<Span, 3>{Span{0, capped, 1}, Span{capped, global, 0},
                                         Span{near, query + 1, 0}});
    }
    plan.spans = std::move(spans);
  }

 private:
  int64_t window_;
  int64_t global_;
  int64_t ceiling_;
};

}  // namespace

Scaling make_lm_infinite(base::StrictObject& params) {
  return std::make_unique<LmInfinite>(params);
}

}  // namespace scalings
