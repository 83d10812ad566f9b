#include "harness/model/kernels/product.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "harness/model/kernels/softmax_avx512.h"

namespace model {

bool multiplies_bfloat16() {
  return at::globalContext().userEnabledMkldnn() && avx512::available();
}

at::Tensor product(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() == at::kBFloat16 && !multiplies_bfloat16()) {
    return at::mm(a.to(at::kFloat), b.to(at::kFloat)).to(at::kBFloat16);
  }
  return at::mm(a, b);
}

}  // namespace model
