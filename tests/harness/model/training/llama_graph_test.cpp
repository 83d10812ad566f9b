#include "harness/model/training/llama_graph.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/base/error.h"
#include "harness/model/training/train_step.h"

namespace training {
namespace {

checkpoint::LlamaSpec small_spec(bool tied = true) {
  checkpoint::LlamaSpec spec;
  spec.vocabulary = 61;
  spec.hidden = 24;
  spec.intermediate = 40;
  spec.layers = 2;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.head_dim = 8;
  spec.rotary_dim = 8;
  spec.rope_theta = 100;
  spec.tied_embeddings = tied;
  return spec;
}

std::vector<RotaryTables> tables_of(const checkpoint::LlamaSpec& spec, int64_t length) {
  const scalings::Context context{
      {spec.head_dim, spec.rotary_dim, spec.rope_theta, 64}, length, 0, spec.layers};
  const RotaryTables tables = rotary_tables(scalings::plain_plan(context), context.shape);
  return std::vector<RotaryTables>(static_cast<size_t>(spec.layers), tables);
}

/// Gains and matrices away from their start, where a forgotten gain would show.
void shake(TrainableLlama& model) {
  const auto generator = at::detail::createCPUGenerator(11);
  for (Parameter& parameter : model.parameters()) {
    parameter.master.add_(0.2 * at::randn(parameter.master.sizes(), generator, at::kFloat));
  }
  model.refresh();
}

Batch batch_of(const checkpoint::LlamaSpec& spec, int64_t sequences, int64_t length) {
  const auto generator = at::detail::createCPUGenerator(13);
  Batch batch;
  batch.tokens = at::randint(0, spec.vocabulary, {sequences, length + 1}, generator, at::kLong);
  batch.weights = at::rand({sequences, length}, generator, at::kFloat);
  return batch;
}

/// A LLaMA written from the formula, in double, with every gradient by autograd.
class Formula {
 public:
  explicit Formula(const TrainableLlama& model) : spec_(model.spec()) {
    for (const Parameter& parameter : model.parameters()) {
      weights_.push_back(parameter.master.to(at::kDouble).requires_grad_(true));
      by_name_[parameter.name] = weights_.back();
    }
  }

  at::Tensor loss(const Batch& batch) const {
    const at::Tensor input = batch.tokens.slice(1, 0, -1);
    at::Tensor x = at::embedding(at("embedding"), input);
    for (int64_t layer = 0; layer < spec_.layers; ++layer) {
      const std::string prefix = "layers." + std::to_string(layer) + ".";
      const at::Tensor qkv =
          at::linear(norm(x, prefix + "input_norm"), at(prefix + "query_key_value"));
      const int64_t q = spec_.heads * spec_.head_dim;
      const int64_t k = spec_.kv_heads * spec_.head_dim;
      const at::Tensor query = rotate(split(qkv.slice(2, 0, q)));
      const at::Tensor key = rotate(split(qkv.slice(2, q, q + k)));
      const at::Tensor value = split(qkv.slice(2, q + k));
      const int64_t groups = spec_.heads / spec_.kv_heads;
      const at::Tensor logits =
          at::matmul(query, key.repeat_interleave(groups, 1).transpose(2, 3)) / std::sqrt(8.0);
      const at::Tensor future = at::ones({input.size(1), input.size(1)}, at::kBool).triu(1);
      const at::Tensor attended = at::matmul(logits.masked_fill(future, -INFINITY).softmax(-1),
                                             value.repeat_interleave(groups, 1));
      x = x + at::linear(attended.transpose(1, 2).flatten(2), at(prefix + "output"));
      const at::Tensor gate_up =
          at::linear(norm(x, prefix + "post_attention_norm"), at(prefix + "gate_up"));
      const std::vector<at::Tensor> halves = gate_up.chunk(2, 2);
      x = x + at::linear(at::silu(halves[0]) * halves[1], at(prefix + "down"));
    }
    const at::Tensor logits =
        at::linear(norm(x, "final_norm"), at(spec_.tied_embeddings ? "embedding" : "head"));
    const at::Tensor nll =
        -logits.log_softmax(-1).gather(2, batch.tokens.slice(1, 1).unsqueeze(2)).squeeze(2);
    const at::Tensor weights = batch.weights.to(at::kDouble);
    return (nll * weights).sum() / weights.sum();
  }

  const std::vector<at::Tensor>& weights() const { return weights_; }

 private:
  const at::Tensor& at(const std::string& name) const { return by_name_.at(name); }

  at::Tensor norm(const at::Tensor& x, const std::string& gain) const {
    return x * at::rsqrt(x.square().mean(-1, true) + spec_.rms_norm_eps) * at(gain);
  }

  at::Tensor split(const at::Tensor& x) const {
    return x.unflatten(2, {-1, spec_.head_dim}).transpose(1, 2);
  }

  at::Tensor rotate(const at::Tensor& x) const {
    const at::Tensor pair = at::arange(0, spec_.rotary_dim, 2, at::kDouble) / 8.0;
    const at::Tensor angle =
        at::outer(at::arange(x.size(2), at::kDouble), at::pow(spec_.rope_theta, -pair));
    const at::Tensor cos = at::cat({angle.cos(), angle.cos()}, 1);
    const at::Tensor sin = at::cat({angle.sin(), angle.sin()}, 1);
    const std::vector<at::Tensor> halves = x.chunk(2, 3);
    return x * cos + at::cat({-halves[1], halves[0]}, 3) * sin;
  }

  checkpoint::LlamaSpec spec_;
  std::vector<at::Tensor> weights_;
  std::map<std::string, at::Tensor> by_name_;
};

/// Loss and gradients of one batch, by the graph under test and by the formula.
struct Comparison {
  explicit Comparison(at::ScalarType compute, bool tied = true)
      : spec(small_spec(tied)), model(spec, compute, 1) {
    shake(model);
    const Batch batch = batch_of(spec, 3, 19);
    ours = batch_gradient(model, batch, tables_of(spec, 19), 40);
    const Formula formula(model);
    const at::Tensor expected = formula.loss(batch);
    expected.backward();
    loss = expected.item<double>();
    for (const at::Tensor& weight : formula.weights()) {
      gradients.push_back(weight.grad());
    }
  }

  checkpoint::LlamaSpec spec;
  TrainableLlama model;
  BatchGradient ours;
  double loss = 0;                    // of the formula
  std::vector<at::Tensor> gradients;  // of the formula, in the order of model.parameters()
};

void expect_gradients_of_the_formula(bool tied) {
  const Comparison both(at::kFloat, tied);
  EXPECT_NEAR(both.ours.loss, both.loss, 1e-5);
  for (size_t i = 0; i < both.gradients.size(); ++i) {
    const at::Tensor& expected = both.gradients[i];
    const double error = (both.ours.gradients[i] - expected).abs().max().item<double>();
    EXPECT_LE(error, 1e-5 * expected.abs().max().item<double>()) << both.model.parameters()[i].name;
  }
}

TEST(LlamaGraph, HasTheLossAndGradientsOfTheFormula) { expect_gradients_of_the_formula(true); }

TEST(LlamaGraph, TrainsAnUntiedHeadToo) { expect_gradients_of_the_formula(false); }

TEST(LlamaGraph, StaysCloseToTheFormulaInBfloat16) {
  const Comparison both(at::kBFloat16);
  EXPECT_NEAR(both.ours.loss, both.loss, 0.02 * both.loss);
  for (size_t i = 0; i < both.gradients.size(); ++i) {
    const double cosine = at::cosine_similarity(both.ours.gradients[i].flatten().to(at::kDouble),
                                                both.gradients[i].flatten(), 0)
                              .item<double>();
    EXPECT_GE(cosine, 0.99) << both.model.parameters()[i].name;
  }
}

TEST(BatchGradient, HasTheSameBitsOnAnyNumberOfThreads) {
  const checkpoint::LlamaSpec spec = small_spec();
  TrainableLlama model(spec, at::kFloat, 1);
  const Batch batch = batch_of(spec, 7, 33);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const BatchGradient one = batch_gradient(model, batch, tables_of(spec, 33), 66);
  at::set_num_threads(3);
  const BatchGradient three = batch_gradient(model, batch, tables_of(spec, 33), 66);
  at::set_num_threads(threads);
  EXPECT_EQ(one.loss, three.loss);
  EXPECT_TRUE(at::equal(one.nll, three.nll));
  for (size_t i = 0; i < one.gradients.size(); ++i) {
    EXPECT_TRUE(at::equal(one.gradients[i], three.gradients[i]));
  }
}

TEST(TrainableLlama, StartsFromItsSeedAlone) {
  const TrainableLlama one(small_spec(), at::kFloat, 5);
  const TrainableLlama same(small_spec(), at::kFloat, 5);
  const TrainableLlama other(small_spec(), at::kFloat, 6);
  EXPECT_TRUE(at::equal(one.parameters()[0].master, same.parameters()[0].master));
  EXPECT_FALSE(at::equal(one.parameters()[0].master, other.parameters()[0].master));
  EXPECT_NEAR(one.parameters()[0].master.std().item<double>(), 0.02, 0.001);
}

TEST(TrainableLlama, RefusesBiasesAndSlidingWindows) {
  checkpoint::LlamaSpec spec = small_spec();
  spec.mlp_bias = true;
  spec.sliding_window = 8;
  EXPECT_THROW(TrainableLlama(spec, at::kFloat, 1), base::Error);
}

}  // namespace
}  // namespace training
