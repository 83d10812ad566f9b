#pragma once

#include <ATen/core/Tensor.h>

#include "harness/model/kernels/row_math.h"

namespace model {

/// Calls body(tag) with a float or a bf16 as its tag: the type of elements that row_math.h knows
/// for `compute`.
template <typename Body>
void with_compute_type(at::ScalarType compute, Body body) {
  if (compute == at::kFloat) {
    body(float{});
  } else {
    TORCH_INTERNAL_ASSERT(compute == at::kBFloat16);
    body(bf16{});
  }
}

/// First element of a row-major tensor without gaps; null for an undefined one.
template <typename T>
T* data(const at::Tensor& tensor) {
  if (!tensor.defined()) return nullptr;
  TORCH_INTERNAL_ASSERT(tensor.is_contiguous());
  return static_cast<T*>(tensor.data_ptr());
}

}  // namespace model
