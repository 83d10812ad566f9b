#include "scalings/layer_plans.h"

#include <algorithm>
#include <set>
#include <utility>

namespace scalings {

LayerPlans make_layer_plans(const Chain& chain, Context context) {
  LayerPlans plans;
  for (int64_t layer = 0; layer < context.layers; ++layer) {
    int64_t like = 0;
    while (like < layer && !treats_alike(chain, like, layer)) ++like;
    if (like < layer) {
      plans.push_back(plans[static_cast<size_t>(like)]);
      continue;
    }
    context.layer = layer;
    const auto plan = std::make_shared<const RotaryPlan>(make_plan(chain, context));
    const auto equal = std::find_if(plans.begin(), plans.end(),
                                    [&](const auto& known) { return *known == *plan; });
    plans.push_back(equal == plans.end() ? plan : *equal);
  }
  return plans;
}

std::vector<std::shared_ptr<const RotaryPlan>> distinct(const LayerPlans& plans) {
  std::vector<std::shared_ptr<const RotaryPlan>> found;
  for (const auto& plan : plans) {
    if (std::find(found.begin(), found.end(), plan) == found.end()) found.push_back(plan);
  }
  return found;
}

bool share_trunk(const LayerPlans& one, const LayerPlans& other, int64_t fork) {
  // Paths that share no token still share tables in one pass: their first tokens must agree.
  const int64_t cut =
      std::max<int64_t>(1, std::min({fork, one.front()->length(), other.front()->length()}));
  std::set<std::pair<const RotaryPlan*, const RotaryPlan*>> agree;
  for (size_t layer = 0; layer < one.size(); ++layer) {
    if (!agree.emplace(one[layer].get(), other[layer].get()).second) continue;
    if (!prefix_equal(*one[layer], prefix(*other[layer], cut))) return false;
  }
  return true;
}

}  // namespace scalings
