#pragma once

#include <cstdint>

#include "harness/checkpoint/weights.h"
#include "harness/model/scorer.h"
#include "scalings/layer_plans.h"

namespace model {

/// What the memory of one pass depends on besides the model and the plans.
struct MemoryCase {
  Compute compute = Compute::float32;
  int64_t rows = 0;    ///< of a trunk and its branches, idle ones too; 0: one path's
  int64_t scored = 1;  ///< tokens that the head judges
  int64_t threads = 2;
};

/// What a process holds that has scored a few tokens and freed their buffers: LibTorch's operator
/// tables (52 MB of small blocks), relocated pages of its libraries, oneDNN's compiled kernels,
/// thread stacks. 64 to 69 MB were measured with LibTorch 2.13 on 2 threads; other builds differ.
inline constexpr int64_t runtime_bytes = int64_t{64} << 20;

/// Peak anonymous resident memory of scoring a path whose layers have these plans, or several of
/// that length that share a trunk, in bytes: the runtime's, what lives as long as the pass (every
/// distinct plan once), and the greatest of the stages (embedding, layers, final norm, head).
/// Mapped weights are not anonymous and not counted, converted ones are. Does not grow with the
/// number of layers that are alike; a test holds it to what is measured, within 15 %.
int64_t peak_bytes(const checkpoint::Weights& weights, const scalings::LayerPlans& plans,
                   const MemoryCase& memory_case);

/// Makes malloc return buffers of 2 MB and more to the system when they are freed, and the free end
/// of a heap when it exceeds 16 MB. Otherwise glibc learns to keep up to 64 MB a thread of what
/// earlier documents have freed, which no formula knows. Process-wide: for programs that score, not
/// for those that train on many buffers of that size. Without glibc it does nothing.
void return_large_buffers();

/// Gives back to the system what heaps hold free at the moment, smaller buffers among it. Takes
/// milliseconds: for places where much is asked for next. Without glibc it does nothing.
void return_free_memory();

}  // namespace model
