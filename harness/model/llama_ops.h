#pragma once

#include <ATen/core/Tensor.h>

namespace model {

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension, in float32 whatever the type of x;
/// the answer is float32. Differentiable.
///   x [..., hidden], weight [hidden] -> [..., hidden]
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// silu(gate) * up, the feed-forward gate of LLaMA (Shazeer, arXiv:2002.05202). The product
/// is formed in the type of `gate`. Differentiable.
///   gate, up [..., intermediate] -> [..., intermediate]
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

/// x @ weight^T + bias in the type of x, which is the type of the weight; `bias` may be undefined.
/// Differentiable.
///   x [rows, in], weight [out, in], bias [out] -> [rows, out]
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace model
