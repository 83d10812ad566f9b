#include <algorithm>
#include <array>
#include <utility>

#include "scalings/methods.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// A cache of the first `sinks` and the last `window` tokens (the query among them), positions
/// counted inside the cache: once it is full a query sits at sinks + window - 1.
class Streaming final : public RopeScaling {
 public:
  static constexpr const char* name = "streaming/1";

  explicit Streaming(base::StrictObject& params)
      : sinks_(params.integer("sinks", 0, int64_t{1} << 31)),
        window_(params.integer("window", 1, int64_t{1} << 31)) {}

  nlohmann::json params() const override {
    return {{"type", name}, {"sinks", sinks_}, {"window", window_}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    const int64_t last = sinks_ + window_ - 1;
    plan.rulers.push_back({plan.rulers[0].position.min(static_cast<double>(last)), 0});
    plan.views.push_back({1, 0});
    SpanTable spans;
    for (int64_t query = 0; query < context.length; ++query) {
      const int64_t near = std::max<int64_t>(0, query - window_ + 1);
      spans.push_row(std::array<Span, 2>{Span{0, std::min(sinks_, near), query <= last ? 0 : 1},
                                         Span{near, query + 1, 0}});
    }
    plan.spans = std::move(spans);
  }

 private:
  int64_t sinks_;
  int64_t window_;
};

}  // namespace

Scaling make_streaming(base::StrictObject& params) { return std::make_unique<Streaming>(params); }

}  // namespace scalings
