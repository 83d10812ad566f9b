#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "evals/snapshots.h"
#include "harness/checkpoint/weights.h"
#include "harness/model/document_rows.h"
#include "harness/model/kernels/attend.h"
#include "harness/model/path_plans.h"

namespace model {

/// Rows of one work item of the linear layers. Blocks are always full (the last one is padded with
/// zero rows), because a GEMM of another height may answer with other last bits.
inline constexpr int64_t row_block = 256;
/// Rows whose queries exist at one time.
inline constexpr int64_t row_chunk = 16 * row_block;

/// How forward() is followed and cut short, from the calling thread.
struct ForwardHooks {
  std::function<void(int64_t)> advance;   ///< n more row-layers are done; may throw
  std::function<void(int64_t)> restored;  ///< n row-layers were done before, by a snapshot
  evals::Snapshots* snapshots = nullptr;  ///< of the residual stream between two layers
  std::string name;                       ///< of this pass among them
};

/// Runs all layers over the rows of one group of paths, or those that its snapshot leaves.
///   -> [rows.read.size(), hidden] float32: final-normed hidden states of rows.read, in that order
at::Tensor forward(const checkpoint::Weights& weights, const DocumentRows& rows,
                   const evals::Document& document, PathPlans& plans, at::ScalarType dtype,
                   Kernel kernel, const ForwardHooks& hooks);

/// Row-layers that forward() advances by.
int64_t forward_work(const checkpoint::LlamaSpec& spec, const DocumentRows& rows);

}  // namespace model
