#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "evals/document.h"
#include "harness/checkpoint/weights.h"

namespace model {

/// How the head walks a matrix of rows x vocabulary logits that must never exist whole.
struct HeadChunks {
  int64_t rows = 0;   ///< of one chunk
  int64_t count = 0;  ///< chunks
};

/// The largest multiple of head_row_block rows whose float32 logits fit into `bytes`, at least one
/// block. Sizes may exceed 2^31: 131,072 rows of 32,000 do.
HeadChunks plan_head_chunks(int64_t rows, int64_t vocabulary, int64_t bytes);

inline constexpr int64_t head_row_block = 64;
inline constexpr int64_t head_vocabulary_block = 4096;
inline constexpr int64_t head_logit_bytes = int64_t{64} << 20;

/// Scores of `targets` given the final hidden states, in float32 whatever the dtype of the weights:
/// a bfloat16 logit at 16 has a step of 0.125.
/// The matrix is read a slice of the vocabulary at a time.
///   hidden [rows, hidden] float32, normed
std::vector<evals::TokenScore> score_targets(const at::Tensor& hidden,
                                             const checkpoint::Weights& weights,
                                             const std::vector<evals::Token>& targets);

}  // namespace model
