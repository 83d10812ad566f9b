#include "harness/model/head.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/checkpoint/roles.h"
#include "harness/model/kernels/parallel.h"
#include "harness/model/layer_weights.h"

namespace model {
namespace {

int64_t blocks(int64_t size, int64_t block) { return (size + block - 1) / block; }

/// logits [vocabulary] of one row.
evals::TokenScore judge(const float* logits, int64_t vocabulary, evals::Token target,
                        float log_sum_exp) {
  evals::TokenScore score;
  const float mine = logits[target];
  float best = logits[0];
  for (int64_t token = 0; token < vocabulary; ++token) {
    score.rank += logits[token] > mine;
    if (logits[token] > best) {
      best = logits[token];
      score.argmax = static_cast<evals::Token>(token);
    }
  }
  score.log_prob = mine - log_sum_exp;
  return score;
}

}  // namespace

HeadChunks plan_head_chunks(int64_t rows, int64_t vocabulary, int64_t bytes) {
  const int64_t row_bytes = vocabulary * static_cast<int64_t>(sizeof(float));
  const int64_t fitting = bytes / (row_bytes * head_row_block);
  const int64_t needed = blocks(rows, head_row_block);
  const int64_t chunk = std::max<int64_t>(1, std::min(fitting, needed)) * head_row_block;
  return {chunk, blocks(rows, chunk)};
}

std::vector<evals::TokenScore> score_targets(const at::Tensor& hidden,
                                             const checkpoint::Weights& weights,
                                             const std::vector<evals::Token>& targets) {
  const c10::InferenceMode inference;
  const int64_t rows = hidden.size(0);
  const int64_t vocabulary = weights.spec().vocabulary;
  const checkpoint::Role head = checkpoint::head_role(weights.spec());
  const HeadChunks chunks = plan_head_chunks(rows, vocabulary, head_logit_bytes);
  const int64_t slices = blocks(vocabulary, head_vocabulary_block);
  std::vector<evals::TokenScore> scores(rows);
  at::Tensor logits = at::empty({chunks.rows, vocabulary}, at::kFloat);
  at::Tensor padded = at::zeros({chunks.rows, hidden.size(1)}, at::kFloat);
  for (int64_t chunk = 0; chunk < chunks.count; ++chunk) {
    const int64_t first = chunk * chunks.rows;
    const int64_t count = std::min(chunks.rows, rows - first);
    padded.narrow(0, 0, count).copy_(hidden.narrow(0, first, count));
    run_queue(slices, [&](int64_t slice) {
      const int64_t begin = slice * head_vocabulary_block;
      const int64_t size = std::min(head_vocabulary_block, vocabulary - begin);
      const at::Tensor part = borrow(weights.rows(head, 0, begin, size)).to(at::kFloat).t();
      for (int64_t row = 0; row < blocks(count, head_row_block) * head_row_block;
           row += head_row_block) {
        at::Tensor block = logits.narrow(0, row, head_row_block).narrow(1, begin, size);
        at::mm_out(block, padded.narrow(0, row, head_row_block), part);
      }
    });
    run_queue(count, [&](int64_t row) {
      const at::Tensor line = logits[row];
      const float log_sum_exp = at::logsumexp(line, 0).item<float>();
      scores[first + row] =
          judge(line.const_data_ptr<float>(), vocabulary, targets[first + row], log_sum_exp);
    });
  }
  return scores;
}

}  // namespace model
