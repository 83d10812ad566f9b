#include "scalings/positions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/base/error.h"

namespace scalings {

void require_plain_positions(const RotaryPlan& plan, const char* method) {
  // A sliding window keeps the one ruler and view, and shows only in the spans.
  const bool has_one_ruler = plan.rulers.size() == 1 && plan.views.size() == 1;
  if (has_one_ruler && plan.spans == SpanTable::causal(plan.length())) return;
  throw base::Error(base::Fault::input, "",
                    {method, "cannot build on a method that has changed positions already",
                     "keep one of the two"});
}

void split_at_window(RotaryPlan& plan, int64_t window, Eigen::ArrayXd far_query,
                     Eigen::ArrayXd far_key) {
  plan.rulers.push_back({std::move(far_query), 0});
  plan.rulers.push_back({std::move(far_key), 0});
  plan.views.push_back({1, 2});
  SpanTable spans;
  for (int64_t query = 0; query < plan.length(); ++query) {
    const int64_t near = std::max<int64_t>(0, query - window + 1);
    spans.push_row(std::array<Span, 2>{Span{0, near, 1}, Span{near, query + 1, 0}});
  }
  plan.spans = std::move(spans);
}

Eigen::ArrayXd grouped(const RotaryPlan& plan, int64_t group) {
  return (plan.rulers[0].position / static_cast<double>(group)).floor();
}

}  // namespace scalings
