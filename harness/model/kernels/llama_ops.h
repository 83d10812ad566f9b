#pragma once

#include <ATen/core/Tensor.h>

namespace model {

/// What a LLaMA layer does between its attention and its matrix products, each one pass over memory
/// on the calling thread. "compute" is float32 or bfloat16; the residual stream and everything
/// inside an operation are float32 in both. Tensors are row-major without gaps.

/// x / sqrt(mean(x^2) + eps) * gain over each row (RMSNorm, arXiv:1910.07467).
///   x [rows, hidden] float32, gain [hidden] float32 -> [rows, hidden] in `compute`
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps,
                    at::ScalarType compute);

/// Adds `delta` to the residual stream in place.
///   stream [rows, hidden] float32, delta [rows, hidden] compute
void add_to(at::Tensor& stream, const at::Tensor& delta);

/// add_to(), and rms_norm() of the sum in the type of `delta`, in one pass.
///   -> [rows, hidden] compute
at::Tensor add_and_norm(at::Tensor& stream, const at::Tensor& delta, const at::Tensor& gain,
                        double eps);

/// silu(gate) * up, the feed-forward gate of LLaMA (Shazeer, arXiv:2002.05202).
///   gate, up [rows, intermediate] compute -> [rows, intermediate] compute
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

/// Rows of a weight that are widened at a time: they stay in the cache.
inline constexpr int64_t linear_slice = 256;

/// x @ weight^T + bias in the type of x, which is the type of the weight; `bias` may be undefined.
/// Sums are float32. Where products of bfloat16 are slow (product.h), float32 ones serve,
/// linear_slice rows of the weight at a time.
///   x [rows, in], weight [out, in], bias [out] -> [rows, out]
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace model
