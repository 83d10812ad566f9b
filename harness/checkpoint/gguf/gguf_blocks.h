#pragma once

#include <cstddef>
#include <span>

#include "harness/checkpoint/gguf/gguf_type.h"

namespace checkpoint {

/// Elements of stored blocks as float, bit by bit what the `gguf` package computes in float32.
/// `blocks` may be unaligned and holds out.size() / type.elements blocks of a computable type.
///
/// Q4_0, Q5_0: d (q - 8), d (q - 16). Q4_1, Q5_1: d q + m. Q8_0: d q. Blocks of 32 with scales in
/// float16. Q4_K, Q5_K: 8 groups of 32, d sc q - dmin m with sc and m of 6 bits. Q6_K: 16 groups of
/// 16, d sc (q - 32) with sc of 8 bits. Source: ggml-quants.c, dequantize_row_*.
void dequantize(const GgufType& type, std::span<const std::byte> blocks, std::span<float> out);

}  // namespace checkpoint
