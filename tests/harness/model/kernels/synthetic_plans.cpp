#include "tests/harness/model/kernels/synthetic_plans.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/base/random.h"

namespace model_test {

scalings::RotaryPlan plain(int64_t length, int64_t head_dim, int64_t rotary_dim) {
  return scalings::plain_plan({{head_dim, rotary_dim, 10000.0, length}, length, 0, 1});
}

scalings::RotaryPlan ragged(int64_t length, int64_t head_dim, int64_t rotary_dim, uint64_t seed) {
  scalings::RotaryPlan plan = plain(length, head_dim, rotary_dim);
  const base::CounterRandom random(base::Json::array({"ragged", seed, length}));
  uint64_t draw = 0;
  plan.inv_freq.push_back(plan.inv_freq[0] * 0.37);
  const Eigen::ArrayXd position = plan.rulers[0].position;
  plan.rulers.push_back({500.0 - position, 0});
  plan.rulers.push_back({(position / 7).floor(), 1});
  plan.views = {{0, 0}, {1, 0}, {2, 2}, {0, 1}};
  plan.magnitude = 1.2;
  plan.spans = {};
  for (int64_t query = 0; query < length; ++query) {
    plan.gain[query] = 0.5 + 1.2 * random.unit(draw++);
    std::vector<scalings::Span> spans;
    int64_t at = random.below(draw++, 3) == 0 ? 1 : 0;  // most queries see the sink
    while (at < query) {
      const int64_t end = std::min(query, at + 1 + random.below(draw++, 1 + query / 2));
      const int64_t view = random.below(draw++, 5);  // the fifth is a gap
      if (view < 4) {
        spans.push_back({at, end, view});
      }
      at = end;
    }
    spans.push_back({query, query + 1, random.below(draw++, 4)});
    plan.spans.push_row(spans);
  }
  plan.gain[length / 2] = -0.8;
  return plan;
}

}  // namespace model_test
