#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include "harness/model/training/adamw.h"
#include "harness/model/training/loss.h"

namespace training {
namespace {

Parameter parameter_of(const at::Tensor& values) {
  Parameter parameter;
  parameter.master = values.clone();
  parameter.mean = at::zeros_like(values);
  parameter.square = at::zeros_like(values);
  parameter.decays = values.dim() == 2;
  return parameter;
}

TEST(AdamW, MakesTheStepsOfLibTorchsOptimizer) {
  const auto generator = at::detail::createCPUGenerator(3);
  const at::Tensor start = at::randn({11, 7}, generator, at::kFloat);
  std::vector<Parameter> ours = {parameter_of(start)};
  AdamWConfig config;
  config.clip = 1e9;
  at::Tensor theirs = start.clone().requires_grad_(true);
  torch::optim::AdamW optimizer({theirs}, torch::optim::AdamWOptions(0.01)
                                              .betas({config.beta1, config.beta2})
                                              .eps(config.eps)
                                              .weight_decay(config.decay));
  for (int64_t step = 1; step <= 20; ++step) {
    const at::Tensor gradient = at::randn({11, 7}, generator, at::kFloat);
    adamw_step(config, 0.01, step, {gradient}, gradient_norm({gradient}), ours);
    theirs.mutable_grad() = gradient;
    optimizer.step();
  }
  EXPECT_LE((ours[0].master - theirs.detach()).abs().max().item<double>(), 2e-6);
}

TEST(AdamW, ClipsToTheGlobalNorm) {
  AdamWConfig config;
  config.clip = 1.0;
  std::vector<Parameter> clipped = {parameter_of(at::zeros({2, 2}))};
  std::vector<Parameter> small = {parameter_of(at::zeros({2, 2}))};
  const at::Tensor gradient = at::full({2, 2}, 50.0);
  const double norm = gradient_norm({gradient});
  EXPECT_DOUBLE_EQ(norm, 100.0);
  adamw_step(config, 0.1, 1, {gradient}, norm, clipped);
  adamw_step(config, 0.1, 1, {gradient / 100.0}, 1.0, small);
  EXPECT_TRUE(at::allclose(clipped[0].mean, small[0].mean, 1e-6, 0));
}

TEST(AdamW, DecaysMatricesAndLeavesNormGainsAlone) {
  AdamWConfig config;
  std::vector<Parameter> parameters = {parameter_of(at::ones({1, 1})), parameter_of(at::ones({1}))};
  adamw_step(config, 0.1, 1, {at::zeros({1, 1}), at::zeros({1})}, 0.0, parameters);
  EXPECT_FLOAT_EQ(parameters[0].master.item<float>(), 1.0F - 0.1F * 0.1F);
  EXPECT_FLOAT_EQ(parameters[1].master.item<float>(), 1.0F);
}

struct LossInput {
  at::Tensor hidden, embedding, targets, weights;
};

LossInput loss_input(int64_t tokens) {
  const auto generator = at::detail::createCPUGenerator(5);
  LossInput in;
  in.hidden = at::randn({tokens, 12}, generator, at::kFloat);
  in.embedding = at::randn({50, 12}, generator, at::kFloat);
  in.targets = at::randint(0, 50, {tokens}, generator, at::kLong);
  in.weights = at::rand({tokens}, generator, at::kFloat);
  in.weights.masked_fill_(in.weights < 0.3, 0.0);
  return in;
}

TEST(WeightedCrossEntropy, AgreesWithLibTorchForwardAndBackward) {
  const LossInput in = loss_input(1500);  // more than one block of rows
  const double total = in.weights.sum(at::kDouble).item<double>();
  const LossResult ours =
      weighted_cross_entropy(in.hidden, in.embedding, in.targets, in.weights, total);
  const at::Tensor hidden = in.hidden.to(at::kDouble).requires_grad_(true);
  const at::Tensor embedding = in.embedding.to(at::kDouble).requires_grad_(true);
  const at::Tensor nll =
      -at::mm(hidden, embedding.t()).log_softmax(1).gather(1, in.targets.unsqueeze(1)).squeeze(1);
  const at::Tensor loss = (nll * in.weights.to(at::kDouble)).sum() / total;
  loss.backward();
  EXPECT_NEAR(ours.loss, loss.item<double>(), 1e-6);
  EXPECT_LE((ours.d_hidden - hidden.grad()).abs().max().item<double>(), 1e-8);
  EXPECT_LE((ours.d_embedding - embedding.grad()).abs().max().item<double>(), 1e-7);
  const at::Tensor expected = nll.detach().masked_fill(in.weights == 0, 0.0);
  EXPECT_LE((ours.nll - expected).abs().max().item<double>(), 1e-5);
}

TEST(WeightedCrossEntropy, GivesPartsOfABatchTheirShareOfTheWhole) {
  const LossInput in = loss_input(64);
  const double total = in.weights.sum(at::kDouble).item<double>();
  const auto part = [&](int64_t begin, int64_t end) {
    return weighted_cross_entropy(in.hidden.slice(0, begin, end), in.embedding,
                                  in.targets.slice(0, begin, end), in.weights.slice(0, begin, end),
                                  total);
  };
  EXPECT_NEAR(part(0, 20).loss + part(20, 64).loss, part(0, 64).loss, 1e-7);
}

TEST(WeightedCrossEntropy, LeavesRowsOfWeightZeroOut) {
  LossInput in = loss_input(10);
  in.weights.zero_();
  in.weights[3] = 2.0;
  const LossResult ours =
      weighted_cross_entropy(in.hidden, in.embedding, in.targets, in.weights, 2.0);
  EXPECT_EQ(ours.d_hidden.abs().sum(1).count_nonzero().item<int64_t>(), 1);
}

}  // namespace
}  // namespace training
