#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/positions.h"
#include "scalings/self_extend_limit.h"

namespace scalings {
namespace {

/// llama.cpp's --grp-attn-n / --grp-attn-w, decoding one token at a time. Whenever another W tokens
/// have come, it shifts the cache so that the oldest ungrouped W keys get positions floor(j/G) for
/// good, and counts on from (t W)/G. Its three shifts per block compose to this: a query i with
/// t = floor(i/W) complete blocks sits at i - t (W - W/G), keys below t W at floor(j/G), later ones
/// keep their distance. So the exact window grows from 1 to W tokens over each block.
class LlamaCppSelfExtend final : public RopeScaling {
 public:
  static constexpr const char* name = "llama_cpp_self_extend/1";

  explicit LlamaCppSelfExtend(base::StrictObject& params)
      : original_(params),
        group_(params.integer("group", 1, int64_t{1} << 31)),
        window_(params.integer("window", 1, int64_t{1} << 31)) {
    if (window_ % group_ != 0) {
      params.problems().add(
          params.at("window"),
          fmt::format("must be a multiple of group {} (got {})", group_, window_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", name},
            {"group", group_},
            {"window", window_},
            {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    Eigen::ArrayXd query_position(context.length);
    SpanTable spans;
    for (int64_t query = 0; query < context.length; ++query) {
      const int64_t blocks = query / window_;
      const int64_t shift = blocks * (window_ - window_ / group_);
      query_position[query] = static_cast<double>(query - shift);
      const int64_t near = blocks * window_;
      spans.push_row(std::array<Span, 2>{Span{0, near, 1}, Span{near, query + 1, 0}});
    }
    plan.rulers.push_back({std::move(query_position), 0});
    plan.rulers.push_back({grouped(plan, group_), 0});
    plan.views.push_back({1, 2});
    plan.spans = std::move(spans);
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return self_extend_limit(original_.tokens(shape), group_, window_);
  }

 private:
  OriginalLength original_;
  int64_t group_;
  int64_t window_;
};

}  // namespace

Scaling make_llama_cpp_self_extend(base::StrictObject& params) {
  return std::make_unique<LlamaCppSelfExtend>(params);
}

}  // namespace scalings
