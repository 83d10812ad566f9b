#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scalings/methods.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// Tokens lie in chunks of c = chunk - local; keys sit at j mod c. A query sits at i mod c for keys
/// of its own chunk, at min(i mod c + c, chunk) for the chunk before and at min(2c - 1, chunk) for
/// older ones. (The paper clamps at chunk - 1, the authors' code and vLLM at chunk, as here.)
class DualChunk final : public RopeScaling {
 public:
  static constexpr const char* name = "dual_chunk/1";

  explicit DualChunk(base::StrictObject& params)
      : chunk_(params.integer("chunk", 2, int64_t{1} << 31)),
        local_(params.integer("local", 1, int64_t{1} << 31)) {
    if (local_ >= chunk_) {
      params.problems().add(params.at("local"),
                            fmt::format("must be < chunk {} (got {})", chunk_, local_));
    }
  }

  nlohmann::json params() const override {
    return {{"type", name}, {"chunk", chunk_}, {"local", local_}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    require_plain_positions(plan, name);
    const int64_t length = context.length;
    const int64_t size = chunk_ - local_;
    const int64_t oldest = std::min(2 * size - 1, chunk_);
    Eigen::ArrayXd inside(length);
    Eigen::ArrayXd after_previous(length);
    SpanTable spans;
    for (int64_t query = 0; query < length; ++query) {
      inside[query] = static_cast<double>(query % size);
      after_previous[query] = static_cast<double>(std::min(query % size + size, chunk_));
      const int64_t own = query - query % size;
      const int64_t previous = std::max<int64_t>(0, own - size);
      spans.push_row(std::array<Span, 3>{Span{0, previous, 2}, Span{previous, own, 1},
                                         Span{own, query + 1, 0}});
    }
    plan.rulers = {{std::move(inside), 0},
                   {std::move(after_previous), 0},
                   {Eigen::ArrayXd::Constant(length, static_cast<double>(oldest)), 0}};
    plan.views = {{0, 0}, {1, 0}, {2, 0}};
    plan.spans = std::move(spans);
  }

 private:
  int64_t chunk_;
  int64_t local_;
};

}  // namespace

Scaling make_dual_chunk(base::StrictObject& params) { return std::make_unique<DualChunk>(params); }

}  // namespace scalings
