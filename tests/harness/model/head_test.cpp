#include "harness/model/head.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace {

/// A model of which nothing is known but its head.
class HeadOnly : public checkpoint::Weights {
 public:
  explicit HeadOnly(const at::Tensor& matrix) : matrix_(matrix.to(at::kFloat).contiguous()) {
    spec_.vocabulary = matrix.size(0);
    spec_.hidden = matrix.size(1);
    spec_.tied_embeddings = false;
  }

  const checkpoint::LlamaSpec& spec() const override { return spec_; }
  checkpoint::TensorView tensor(checkpoint::Role role, int64_t) const override {
    EXPECT_EQ(role, checkpoint::Role::head);
    return {checkpoint::DType::f32,
            {spec_.vocabulary, spec_.hidden},
            std::as_bytes(std::span(matrix_.const_data_ptr<float>(), matrix_.numel())),
            nullptr};
  }
  std::string fingerprint() const override { return "head"; }

 private:
  checkpoint::LlamaSpec spec_;
  at::Tensor matrix_;
};

TEST(HeadChunks, CoverMoreLogitsThan32BitsCanCount) {
  const model::HeadChunks chunks = model::plan_head_chunks(131072, 32000, int64_t{64} << 20);
  EXPECT_EQ(chunks.rows, 512);  // 512 * 32000 * 4 bytes = 65.5 MB <= 67.1 MB < 576 rows
  EXPECT_EQ(chunks.count, 256);
  EXPECT_GT(chunks.rows * chunks.count * int64_t{32000}, int64_t{1} << 31);
}

TEST(HeadChunks, HoldOneBlockWhereNotEvenThatFits) {
  const model::HeadChunks chunks = model::plan_head_chunks(200000, int64_t{1} << 40, 1 << 20);
  EXPECT_EQ(chunks.rows, model::head_row_block);
  EXPECT_EQ(chunks.count, 3125);
}

TEST(HeadChunks, AreNoLargerThanTheRows) {
  const model::HeadChunks chunks = model::plan_head_chunks(3, 100, int64_t{1} << 30);
  EXPECT_EQ(chunks.rows, model::head_row_block);
  EXPECT_EQ(chunks.count, 1);
}

TEST(ScoreTargets, GivesLogProbabilityRankAndTheLowestArgmaxByHand) {
  // Logits 1, 3, 3, 0 from a one-dimensional hidden state.
  const at::Tensor weight = at::tensor({1.0f, 3.0f, 3.0f, 0.0f}).view({4, 1});
  const at::Tensor hidden = at::ones({3, 1});
  const auto scores = model::score_targets(hidden, HeadOnly(weight), {0, 2, 3});
  const double sum = std::log(std::exp(1.0) + 2 * std::exp(3.0) + 1);
  EXPECT_NEAR(scores[0].log_prob, 1 - sum, 1e-6);
  EXPECT_NEAR(scores[1].log_prob, 3 - sum, 1e-6);
  EXPECT_NEAR(scores[2].log_prob, 0 - sum, 1e-6);
  EXPECT_EQ(scores[0].rank, 2);
  EXPECT_EQ(scores[1].rank, 0);
  EXPECT_EQ(scores[2].rank, 3);
  for (const evals::TokenScore& score : scores) {
    EXPECT_EQ(score.argmax, 1);
  }
}

TEST(ScoreTargets, EqualsLogSoftmaxOverManyChunksAndSlices) {
  at::manual_seed(2);
  const at::Tensor hidden = at::randn({3000, 24});
  const at::Tensor weight = at::randn({9001, 24}).to(at::kBFloat16);
  std::vector<evals::Token> targets;
  for (int64_t row = 0; row < 3000; ++row) {
    targets.push_back(static_cast<evals::Token>(row * 3));
  }
  const auto scores = model::score_targets(hidden, HeadOnly(weight), targets);
  const at::Tensor expected =
      at::log_softmax(at::mm(hidden.to(at::kDouble), weight.to(at::kDouble).t()), 1);
  for (int64_t row = 0; row < 3000; row += 7) {
    EXPECT_NEAR(scores[row].log_prob, expected[row][targets[row]].item<double>(), 2e-5);
    EXPECT_EQ(scores[row].argmax, expected[row].argmax().item<int64_t>());
  }
}

TEST(ScoreTargets, HandsOnWhatIsNotFinite) {
  const at::Tensor weight = at::full({4, 1}, std::nanf(""));
  EXPECT_TRUE(
      std::isnan(model::score_targets(at::ones({1, 1}), HeadOnly(weight), {2})[0].log_prob));
}

}  // namespace
