#pragma once

#include <memory>

#include "harness/model/kernels/attend.h"

namespace model {

std::unique_ptr<Attention> make_portable_attention(const AttentionShape& shape, const RowPlan& plan,
                                                   at::ScalarType dtype);

/// Whether this CPU and build can run the brgemm kernel.
bool brgemm_serves(at::ScalarType dtype, const AttentionShape& shape);

/// LibTorch's small-matrix products (oneDNN brgemm) with an AVX-512 softmax between them.
std::unique_ptr<Attention> make_brgemm_attention(const AttentionShape& shape, const RowPlan& plan,
                                                 at::ScalarType dtype);

}  // namespace model
