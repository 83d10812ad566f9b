#include "harness/model/memory.h"

#include <algorithm>

#include "harness/model/forward.h"
#include "harness/model/head.h"

namespace model {
namespace {

/// Anonymous memory of a process that has scored something tiny: LibTorch's tables, oneDNN's
/// compiled kernels, allocator slack. Measured, 2 threads.
constexpr int64_t runtime_bytes = int64_t{110} << 20;
constexpr int64_t f32 = 4;

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

/// Keys, values and tables: what lives as long as a layer.
int64_t layer_bytes(const checkpoint::LlamaSpec& spec, int64_t rows, int64_t element,
                    const MemoryCase& memory_case) {
  const int64_t stored = round_up(rows, 512) * spec.kv_heads * spec.head_dim * element;
  const int64_t tables = memory_case.rulers * rows * spec.rotary_dim * f32;
  const int64_t matrices = spec.hidden * spec.head_dim * (2 * spec.heads + 2 * spec.kv_heads) +
                           3 * spec.hidden * spec.intermediate;
  return stored * (memory_case.key_rulers + 1) + tables +
         (memory_case.converts_weights ? matrices * element : 0);
}

/// The buffers of one chunk of rows, and of the threads that work on it.
int64_t chunk_bytes(const checkpoint::LlamaSpec& spec, int64_t rows, int64_t element,
                    const MemoryCase& memory_case) {
  const int64_t chunk = std::min(round_up(rows, row_block), row_chunk);
  const int64_t wide = spec.heads * spec.head_dim;
  const int64_t buffers = chunk * (2 * spec.hidden * f32 + 3 * wide * element);
  const int64_t block = row_block * (4 * spec.hidden * f32 + 4 * spec.intermediate * element);
  return buffers + memory_case.threads * block;
}

int64_t head_bytes(const checkpoint::LlamaSpec& spec, const MemoryCase& memory_case) {
  const HeadChunks chunks = plan_head_chunks(memory_case.scored, spec.vocabulary, head_logit_bytes);
  return memory_case.scored * spec.hidden * f32 +
         chunks.rows * (spec.vocabulary + spec.hidden) * f32 +
         memory_case.threads * head_vocabulary_block * spec.hidden * f32;
}

}  // namespace

int64_t peak_bytes(const checkpoint::LlamaSpec& spec, int64_t path_tokens, Compute compute,
                   const MemoryCase& memory_case) {
  const int64_t element = compute == Compute::float32 ? 4 : 2;
  const int64_t rows = std::max<int64_t>(path_tokens - 1, 1);
  const int64_t residual = round_up(rows, row_block) * spec.hidden * f32;
  // Twice, because the plan of the last layer is compared with its predecessor: position and gain
  // in double, offset and spans.
  const int64_t plan = 2 * path_tokens * (8 * memory_case.rulers + 8 + 8 + 24 * memory_case.spans);
  const int64_t forward = residual + layer_bytes(spec, rows, element, memory_case) +
                          chunk_bytes(spec, rows, element, memory_case);
  const int64_t table = memory_case.dequantises_embedding ? spec.vocabulary * spec.hidden * f32 : 0;
  return runtime_bytes + plan + std::max(forward, residual + table + head_bytes(spec, memory_case));
}

}  // namespace model
