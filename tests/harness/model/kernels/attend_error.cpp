#include "tests/harness/model/kernels/attend_error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/model/kernels/attend_reference.h"

namespace model_test {

Inputs random_inputs(int64_t length, const model::AttentionShape& shape, at::ScalarType dtype) {
  at::manual_seed(length);
  return {at::randn({length, shape.heads, shape.head_dim}).to(dtype),
          at::randn({length, shape.kv_heads, shape.head_dim}).to(dtype),
          at::randn({length, shape.kv_heads, shape.head_dim}).to(dtype)};
}

Error error_of(const scalings::RotaryPlan& plan, const model::AttentionShape& shape,
               at::ScalarType dtype, model::Kernel kernel) {
  const Inputs in = random_inputs(plan.length(), shape, dtype);
  const at::Tensor exact = model::attend_reference(plan, in.query, in.key, in.value, at::kDouble);
  const at::Tensor difference =
      model::attend(plan, in.query, in.key, in.value, kernel).to(at::kDouble) - exact;
  return {difference.abs().max().item<double>(),
          std::sqrt(difference.square().mean().item<double>())};
}

std::vector<model::Kernel> kernels_of_this_cpu() {
  std::vector<model::Kernel> kernels = {model::Kernel::portable};
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const model::Kernel best = model::best_kernel(dtype, {4, 4, 64});
    if (std::find(kernels.begin(), kernels.end(), best) == kernels.end()) {
      kernels.push_back(best);
    }
  }
  return kernels;
}

}  // namespace model_test
