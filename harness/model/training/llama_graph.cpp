#include "harness/model/training/llama_graph.h"

#include <ATen/core/grad_mode.h>

#include "harness/model/kernels/product.h"
#include "harness/model/training/causal_attention.h"
#include "harness/model/training/fused_ops.h"

namespace training {
namespace {

/// Adds row t of d_embedded to row ids[t] of `gradient`. A loop, because index_add_ in bfloat16
/// would round away the gradients of frequent tokens.
void add_rows(const at::Tensor& d_embedded, const at::Tensor& ids, const at::Tensor& gradient) {
  const int64_t width = gradient.size(1);
  const float* from = d_embedded.const_data_ptr<float>();
  const auto* const row = ids.const_data_ptr<int64_t>();
  for (int64_t token = 0; token < ids.size(0); ++token, from += width) {
    float* const to = gradient.data_ptr<float>() + row[token] * width;
    for (int64_t i = 0; i < width; ++i) to[i] += from[i];
  }
}

}  // namespace

LlamaGraph::LlamaGraph(const TrainableLlama& model) : model_(model) {
  for (const Parameter& parameter : model.parameters()) {
    weights_.push_back(parameter.compute.detach().requires_grad_(true));
  }
}

at::Tensor LlamaGraph::forward(const at::Tensor& ids, const std::vector<RotaryTables>& tables) {
  const checkpoint::LlamaSpec& spec = model_.spec();
  const HeadShape shape{ids.size(0), ids.size(1), spec.heads, spec.kv_heads, spec.head_dim};
  ids_ = ids.flatten();
  embedded_ = weights_[model_.embedding()].detach().index_select(0, ids_).to(at::kFloat);
  embedded_.requires_grad_(true);
  at::Tensor residual = embedded_;  // float32 [tokens, hidden]
  at::Tensor delta;                 // compute [tokens, hidden]
  for (int64_t layer = 0; layer < spec.layers; ++layer) {
    const auto weight = [&](TrainableLlama::LayerTensor which) -> const at::Tensor& {
      return weights_[model_.at(layer, which)];
    };
    const auto linear = [&](const at::Tensor& x, TrainableLlama::LayerTensor which) {
      return model::product(x, weight(which).t());
    };
    const auto norm = [&](TrainableLlama::LayerTensor which) {
      return add_norm(residual, delta, weight(which), spec.rms_norm_eps, model_.compute());
    };
    const AddNorm before = norm(TrainableLlama::input_norm);
    const Heads heads = rotate_heads(linear(before.normed, TrainableLlama::query_key_value),
                                     tables.at(static_cast<size_t>(layer)), shape);
    residual = before.sum;
    delta = linear(causal_attention(heads.query, heads.key, heads.value), TrainableLlama::output);
    const AddNorm after = norm(TrainableLlama::post_attention_norm);
    residual = after.sum;
    delta = linear(swiglu(linear(after.normed, TrainableLlama::gate_up)), TrainableLlama::down);
  }
  hidden_ =
      add_norm(residual, delta, weights_[model_.final_norm()], spec.rms_norm_eps, model_.compute())
          .normed;
  return hidden_.detach();
}

std::vector<at::Tensor> LlamaGraph::backward(const at::Tensor& d_hidden, const at::Tensor& d_head) {
  hidden_.backward(d_hidden);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& weight : weights_) {
    gradients.push_back(weight.grad().defined() ? weight.grad().to(at::kFloat)
                                                : at::zeros(weight.sizes(), at::kFloat));
  }
  add_rows(embedded_.grad(), ids_, gradients[model_.embedding()]);
  gradients[model_.head()].add_(d_head);
  return gradients;
}

}  // namespace training
