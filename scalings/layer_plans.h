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

}  // namespace scalings
