#pragma once

#include <memory>
#include <vector>

#include "scalings/scaling.h"

namespace scalings {

/// The plan of every layer of a model: [layers]; the same pointer for equal plans.
using LayerPlans = std::vector<std::shared_ptr<const RotaryPlan>>;

/// The plans of a chain; context.layer is not looked at. Throws what make_plan throws.
LayerPlans make_layer_plans(const Chain& chain, Context context);

/// The different plans among them, each once, in order of the first layer that has it.
std::vector<std::shared_ptr<const RotaryPlan>> distinct(const LayerPlans& plans);

/// Whether a path under `one` and a path under `other` may share the rows of their first `fork`
/// tokens: in every layer both plans, cut to `fork`, are equal.
bool share_trunk(const LayerPlans& one, const LayerPlans& other, int64_t fork);

}  // namespace scalings
