#include "harness/model/llama_ops.h"

#include <ATen/ATen.h>

namespace model {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::Tensor wide = x.to(at::kFloat);                                 // [..., hidden]
  const at::Tensor power = wide.square().mean(-1, /*keepdim=*/true) + eps;  // [..., 1]
  return wide * power.rsqrt() * weight.to(at::kFloat);
}

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) { return at::silu(gate) * up; }

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
}

}  // namespace model
