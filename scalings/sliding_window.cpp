#include <algorithm>
#include <array>
#include <utility>

#include "scalings/methods.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// Attends the last `window` tokens, the query among them, and nothing else.
class SlidingWindow final : public RopeScaling {
 public:
  static constexpr const char* name = "sliding_window/1";

  explicit SlidingWindow(base::StrictObject& params)
      : window_(params.integer("window", 1, int64_t{1} << 31)) {}

  nlohmann::json params() const override { return {{"type", name}, {"window", window_}}; }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    SpanTable spans;
    for (int64_t query = 0; query < context.length; ++query) {
      const int64_t near = std::max<int64_t>(0, query - window_ + 1);
      spans.push_row(std::array<Span, 1>{Span{near, query + 1, 0}});
    }
    plan.spans = std::move(spans);
  }

 private:
  int64_t window_;
};

}  // namespace

Scaling make_sliding_window(base::StrictObject& params) {
  return std::make_unique<SlidingWindow>(params);
}

}  // namespace scalings
