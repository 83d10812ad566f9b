#pragma once

#include <ATen/core/Tensor.h>

namespace model {

/// Whether LibTorch multiplies matrices of bfloat16 by oneDNN, which wants AVX-512. On other CPUs
/// it does so by loops that are ten times slower than its float32 products.
bool multiplies_bfloat16();

/// a @ b in their type, summed in float32; bfloat16 by way of float32 where that is faster.
/// Differentiable.
///   a [rows, depth], b [depth, columns], float32 or bfloat16 -> [rows, columns]
at::Tensor product(const at::Tensor& a, const at::Tensor& b);

}  // namespace model
