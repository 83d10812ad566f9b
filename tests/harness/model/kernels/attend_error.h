#pragma once

#include "harness/model/kernels/attend.h"

namespace model_test {

struct Inputs {
  at::Tensor query, key, value;  // [length, heads or kv_heads, head_dim]
};

/// Unit-variance inputs, a pure function of the arguments.
Inputs random_inputs(int64_t length, const model::AttentionShape& shape, at::ScalarType dtype);

struct Error {
  double largest = 0;
  double rms = 0;
};

/// attend() against attend_reference() in double, on random inputs.
Error error_of(const scalings::RotaryPlan& plan, const model::AttentionShape& shape,
               at::ScalarType dtype, model::Kernel kernel);

/// What every kernel promises, on unit-variance inputs.
inline constexpr double float32_largest = 5e-6;
inline constexpr double bfloat16_rms = 2e-3;

/// portable, and the fastest kernels that this CPU can run.
std::vector<model::Kernel> kernels_of_this_cpu();

}  // namespace model_test
