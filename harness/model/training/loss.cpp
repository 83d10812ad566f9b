#include "harness/model/training/loss.h"

#include <ATen/core/grad_mode.h>

#include "harness/model/kernels/product.h"
#include "harness/model/training/row_kernels.h"

namespace training {
namespace {

constexpr int64_t kRowsPerBlock = 1024;

template <typename T>
void cross_entropy_rows(const at::Tensor& logits, const at::Tensor& targets,
                        const at::Tensor& weights, const at::Tensor& gradient,
                        const at::Tensor& nll) {
  const int64_t vocabulary = logits.size(1);
  const float* const row_logits = logits.const_data_ptr<float>();
  const auto* const row_targets = targets.const_data_ptr<int64_t>();
  const float* const row_weights = weights.const_data_ptr<float>();
  T* const row_gradient = static_cast<T*>(gradient.data_ptr());
  float* const row_nll = nll.data_ptr<float>();
  for (int64_t row = 0; row < logits.size(0); ++row) {
    row_nll[row] = cross_entropy_row(row_logits + row * vocabulary, vocabulary, row_targets[row],
                                     row_weights[row], row_gradient + row * vocabulary);
  }
}

}  // namespace

LossResult weighted_cross_entropy(const at::Tensor& hidden, const at::Tensor& embedding,
                                  const at::Tensor& targets, const at::Tensor& weights,
                                  double total_weight) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = weights.nonzero().squeeze(1);
  const at::Tensor row_targets = targets.index_select(0, rows);
  const at::Tensor row_weights = weights.index_select(0, rows) / total_weight;
  const at::Tensor row_hidden = hidden.index_select(0, rows);
  const at::Tensor embedding_float = embedding.to(at::kFloat);
  const at::Tensor row_nll = at::empty({rows.size(0)}, weights.options());
  const at::Tensor d_row_hidden = at::empty_like(row_hidden);

  LossResult result;
  result.d_embedding = at::zeros(embedding.sizes(), weights.options());
  for (int64_t begin = 0; begin < rows.size(0); begin += kRowsPerBlock) {
    const int64_t end = std::min(begin + kRowsPerBlock, rows.size(0));
    const at::Tensor block = row_hidden.slice(0, begin, end);
    const at::Tensor logits = at::mm(block.to(at::kFloat), embedding_float.t());
    const at::Tensor gradient = at::empty(logits.sizes(), hidden.options());
    const auto rows_of = [&](const at::Tensor& all) { return all.slice(0, begin, end); };
    if (hidden.scalar_type() == at::kFloat) {
      cross_entropy_rows<float>(logits, rows_of(row_targets), rows_of(row_weights), gradient,
                                rows_of(row_nll));
    } else {
      cross_entropy_rows<bf16>(logits, rows_of(row_targets), rows_of(row_weights), gradient,
                               rows_of(row_nll));
    }
    rows_of(d_row_hidden).copy_(model::product(gradient, embedding));
    result.d_embedding.add_(model::product(gradient.t(), block));
  }
  result.loss = (row_nll * row_weights).sum(at::kDouble).item<double>();
  result.nll = at::zeros_like(weights).index_copy_(0, rows, row_nll);
  result.d_hidden = at::zeros_like(hidden).index_copy_(0, rows, d_row_hidden);
  return result;
}

}  // namespace training
