#pragma once

#include <cstdint>

#include "harness/checkpoint/llama_spec.h"
#include "harness/model/scorer.h"

namespace model {

/// What the memory of a forward depends on besides the model and the length.
struct MemoryCase {
  int64_t scored = 1;      ///< tokens that the head reads
  int64_t rulers = 1;      ///< of the plan: one cos and one sin table each
  int64_t key_rulers = 1;  ///< those that measure keys: one rotated copy of the keys each
  int64_t spans = 1;       ///< of a query, on average
  int64_t threads = 2;
  /// The file's dtype is not the compute dtype: one layer and the embedding are converted.
  bool converts_weights = false;
  /// The file is quantised: the embedding, and then the head, become float32 as a whole.
  bool dequantises_embedding = false;
};

/// Peak anonymous resident memory of scoring one path, in bytes: buffers of one layer, of the
/// residual stream, of one chunk of rows, and what LibTorch itself keeps. Mapped weights are not
/// anonymous and not counted. Does not grow with the number of layers; a test holds it to what is
/// measured, within 15 %.
int64_t peak_bytes(const checkpoint::LlamaSpec& spec, int64_t path_tokens, Compute compute,
                   const MemoryCase& memory_case = {});

}  // namespace model
