#pragma once

#include <ATen/core/Tensor.h>

#include "scalings/plan.h"

namespace model {

/// The formula of scalings::RotaryPlan, word for word, on matrices of length x length: what every
/// kernel is held to. For tests; O(length^2) memory.
///   query [length, heads, head_dim], key and value [length, kv_heads, head_dim], un-rotated
///   -> [length, heads, head_dim] in `dtype`, in which everything but the angles is computed
at::Tensor attend_reference(const scalings::RotaryPlan& plan, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value, at::ScalarType dtype);

}  // namespace model
