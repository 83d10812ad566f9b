#pragma once

#include <ATen/ATen.h>

#include "scalings/plan.h"

namespace training {

/// cos and sin of every position, float32 [length, pairs], with the plan's magnitude in them.
struct RotaryTables {
  at::Tensor query_cos, query_sin;
  at::Tensor key_cos, key_sin;
  at::Tensor gain;  ///< float32 [length], multiplies queries; undefined when it is 1 everywhere
  int64_t rotary_dim = 0;
};

/// The tables of a plan. Throws base::Error when the plan cannot be trained with: LibTorch's
/// differentiable attention measures every key with one view and attends all of [0, i].
RotaryTables rotary_tables(const scalings::RotaryPlan& plan, const scalings::RopeShape& shape);

}  // namespace training
