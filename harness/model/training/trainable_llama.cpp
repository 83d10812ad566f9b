#include "harness/model/training/trainable_llama.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace training {
namespace {

/// Box-Muller on counter-based uniforms: the same weights on any machine and LibTorch.
void fill_normal(const at::Tensor& tensor, double deviation, const base::CounterRandom& random) {
  float* const to = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    const auto draw = static_cast<uint64_t>(2 * i);
    const double radius = std::sqrt(-2.0 * std::log1p(-random.unit(draw)));
    to[i] = static_cast<float>(deviation * radius *
                               std::cos(2.0 * std::numbers::pi * random.unit(draw + 1)));
  }
}

void check_trainable(const checkpoint::LlamaSpec& spec) {
  base::Problems problems;
  if (spec.query_key_value_bias || spec.output_bias || spec.mlp_bias) {
    problems.add("bias", "models with biases cannot be trained", "choose a model without biases");
  }
  if (spec.sliding_window) {
    problems.add("sliding_window", "models with a sliding window cannot be trained",
                 "choose a model with full attention");
  }
  problems.throw_if_any("model");
}

}  // namespace

TrainableLlama::TrainableLlama(const checkpoint::LlamaSpec& spec, at::ScalarType compute,
                               int64_t seed)
    : spec_(spec), compute_(compute) {
  check_trainable(spec);
  const double deviation = 0.02;
  const double into_residual = deviation / std::sqrt(2.0 * static_cast<double>(spec.layers));
  add("embedding", {spec.vocabulary, spec.hidden}, deviation, seed);
  for (int64_t layer = 0; layer < spec.layers; ++layer) {
    const auto name = [&](const char* tensor) {
      return fmt::format("layers.{}.{}", layer, tensor);
    };
    add(name("input_norm"), {spec.hidden}, 0, seed);
    add(name("query_key_value"), {(spec.heads + 2 * spec.kv_heads) * spec.head_dim, spec.hidden},
        deviation, seed);
    add(name("output"), {spec.hidden, spec.heads * spec.head_dim}, into_residual, seed);
    add(name("post_attention_norm"), {spec.hidden}, 0, seed);
    add(name("gate_up"), {2 * spec.intermediate, spec.hidden}, deviation, seed);
    add(name("down"), {spec.hidden, spec.intermediate}, into_residual, seed);
  }
  add("final_norm", {spec.hidden}, 0, seed);
  if (!spec.tied_embeddings) add("head", {spec.vocabulary, spec.hidden}, deviation, seed);
  refresh();
}

void TrainableLlama::add(const std::string& name, at::IntArrayRef shape, double deviation,
                         int64_t seed) {
  const bool is_matrix = shape.size() == 2;
  Parameter parameter;
  parameter.name = name;
  parameter.master = at::ones(shape, at::kFloat);
  parameter.mean = at::zeros(shape, at::kFloat);
  parameter.square = at::zeros(shape, at::kFloat);
  parameter.decays = is_matrix;
  // Norm gains multiply float32 reductions, so their copy stays float32.
  parameter.compute = at::empty(shape, is_matrix ? compute_ : at::kFloat);
  if (is_matrix) {
    fill_normal(parameter.master, deviation,
                base::CounterRandom(base::Json::array({seed, "training/init", name})));
  }
  parameters_.push_back(std::move(parameter));
}

void TrainableLlama::refresh() {
  for (Parameter& parameter : parameters_) parameter.compute.copy_(parameter.master);
}

}  // namespace training
