#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "harness/model/scorer.h"
#include "scalings/catalog.h"
#include "tests/harness/model/kernels/attend_error.h"
#include "tests/harness/model/kernels/synthetic_plans.h"
#include "tests/harness/model/random_tokens.h"
#include "tests/harness/model/random_weights.h"

// A number that is not finite spoils the queries that attend it, so that the trial is found
// diverged, and no other.
namespace {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

bool attends(const scalings::RotaryPlan& plan, int64_t query, int64_t key) {
  return scalings::distance(plan, query, key).has_value();
}

class BrokenRows : public testing::TestWithParam<model::Kernel> {
 protected:
  /// Puts `bad` into one number of row `row` of keys or values, kv head 1, and expects queries of
  /// that head that attend the row to be NaN, and all other queries to keep their bits.
  static void expect_only_attending_queries_spoilt(const scalings::RotaryPlan& plan, int64_t row,
                                                   bool in_value, float bad, at::ScalarType dtype) {
    const model::AttentionShape shape{4, 2, 32};
    model_test::Inputs in = model_test::random_inputs(plan.length(), shape, dtype);
    const at::Tensor clean = model::attend(plan, in.query, in.key, in.value, GetParam());
    (in_value ? in.value : in.key)[row][1][5] = bad;
    const at::Tensor spoilt = model::attend(plan, in.query, in.key, in.value, GetParam());
    for (int64_t query = 0; query < plan.length(); ++query) {
      for (int64_t head = 0; head < shape.heads; ++head) {
        const at::Tensor mine = spoilt[query][head];
        if (head >= 2 && attends(plan, query, row)) {
          EXPECT_TRUE(mine.isnan().all().item<bool>()) << query << " " << head;
        } else {
          EXPECT_TRUE(at::equal(mine, clean[query][head])) << query << " " << head;
        }
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Attend, BrokenRows, testing::ValuesIn(model_test::kernels_of_this_cpu()),
                         [](const auto& kernel) { return model::name(kernel.param); });

TEST_P(BrokenRows, SpoilExactlyTheQueriesThatAttendABrokenValue) {
  const scalings::RotaryPlan causal = model_test::plain(300, 32, 32);
  const scalings::RotaryPlan ragged = model_test::ragged(300, 32, 24, 9);
  for (const auto* plan : {&causal, &ragged}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      for (const float bad : {nan_value, infinite, -infinite}) {
        expect_only_attending_queries_spoilt(*plan, 77, /*in_value=*/true, bad, dtype);
      }
      expect_only_attending_queries_spoilt(*plan, 299, /*in_value=*/true, nan_value, dtype);
    }
  }
}

TEST_P(BrokenRows, SpoilNothingOnceRowsOfTheNextLayerTakeTheirPlace) {
  const scalings::RotaryPlan plan = model_test::plain(300, 32, 32);
  const model::AttentionShape shape{4, 2, 32};
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const model_test::Inputs in = model_test::random_inputs(300, shape, dtype);
    const model::RowPlan rows({{0, 0, 300, &plan}});
    const auto attention = model::make_attention(shape, rows, dtype, GetParam());
    attention->store(0, in.key, at::full_like(in.value, nan_value));
    attention->store(0, in.key, in.value);
    std::vector<int64_t> all(300);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_TRUE(at::equal(attention->attend(all, in.query),
                          model::attend(plan, in.query, in.key, in.value, GetParam())));
  }
}

TEST_P(BrokenRows, SpoilExactlyTheQueriesThatAttendABrokenKey) {
  const scalings::RotaryPlan causal = model_test::plain(300, 32, 32);
  const scalings::RotaryPlan ragged = model_test::ragged(300, 32, 24, 9);
  for (const auto* plan : {&causal, &ragged}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      expect_only_attending_queries_spoilt(*plan, 77, /*in_value=*/false, nan_value, dtype);
    }
  }
}

TEST_P(BrokenRows, WeighNothingWhereTheLogitIsMinusInfinity) {
  // Channel 4 does not rotate: a positive query times a key of -inf is -inf, in the first tile and
  // as the first key.
  const scalings::RotaryPlan plan = model_test::plain(40, 8, 4);
  model_test::Inputs in = model_test::random_inputs(40, {1, 1, 8}, at::kFloat);
  in.query.select(2, 4).abs_();
  const scalings::RotaryPlan later = [&] {
    scalings::RotaryPlan cut = plan;
    cut.spans = {};
    for (int64_t query = 0; query < 40; ++query) {
      const std::vector<scalings::Span> spans = {{std::min<int64_t>(query, 1), query + 1, 0}};
      cut.spans.push_row(spans);
    }
    return cut;
  }();
  const at::Tensor without = model::attend(later, in.query, in.key, in.value, GetParam());
  in.key[0][0][4] = -infinite;
  const at::Tensor with = model::attend(plan, in.query, in.key, in.value, GetParam());
  EXPECT_LE((with - without).slice(0, 1).abs().max().item<double>(), model_test::float32_largest);
  EXPECT_TRUE(with[0].isnan().all().item<bool>());  // nothing else to attend
}

/// One number of a tensor is broken, in every layer that has the tensor.
class OneBrokenNumber : public model_test::RandomWeights {
 public:
  OneBrokenNumber(const checkpoint::LlamaSpec& spec, checkpoint::Role role, int64_t index,
                  float bad)
      : RandomWeights(spec, 1), role_(role), index_(index), bad_(bad) {}
  checkpoint::TensorView tensor(checkpoint::Role role, int64_t layer) const override {
    checkpoint::TensorView view = RandomWeights::tensor(role, layer);
    if (role == role_) {
      const auto* from = reinterpret_cast<const float*>(view.bytes.data());
      const auto values =
          std::make_shared<std::vector<float>>(from, from + view.bytes.size() / sizeof(float));
      (*values)[index_] = bad_;
      view.bytes = std::as_bytes(std::span(*values));
      view.owner = values;
    }
    return view;
  }

 private:
  checkpoint::Role role_;
  int64_t index_;
  float bad_;
};

/// NaN as numeric_limits has it, as CUDA makes it, and that with a sign: rounded as if they were
/// numbers, the last two would be zeros in bfloat16.
const std::vector<float> kinds_of_nan = {nan_value, std::bit_cast<float>(0x7fffffffU),
                                         std::bit_cast<float>(0xffffffffU)};

constexpr auto computes = {model::Compute::float32, model::Compute::bfloat16};

std::vector<evals::TokenScore> trunk_scores(std::shared_ptr<const checkpoint::Weights> weights,
                                            const std::vector<evals::Token>& tokens,
                                            model::Compute compute) {
  model::Scorer scorer(std::move(weights), std::make_shared<const scalings::Chain>(), 128, compute);
  return scorer.score(model_test::whole(tokens), {}).trunk;
}

TEST(Scorer, FindsABrokenTokenInEveryLaterScoreAndInNoEarlierOne) {
  checkpoint::LlamaSpec spec = model_test::small_spec();
  spec.tied_embeddings = false;
  const evals::Token broken = 96;
  std::vector<evals::Token> tokens = model_test::random_tokens(200, 3);
  std::replace(tokens.begin(), tokens.end(), broken, evals::Token{0});
  tokens[150] = broken;
  for (const auto compute : computes) {
    const auto expected =
        trunk_scores(std::make_shared<model_test::RandomWeights>(spec, 1), tokens, compute);
    for (const float bad : kinds_of_nan) {
      const auto weights = std::make_shared<OneBrokenNumber>(spec, checkpoint::Role::embedding,
                                                             broken * spec.hidden, bad);
      const auto found = trunk_scores(weights, tokens, compute);
      for (size_t index = 0; index < found.size(); ++index) {
        if (index < 150) {  // scores of tokens 1 ... 150: read from hidden states 0 ... 149
          EXPECT_EQ(found[index], expected[index]) << index;
        } else {
          EXPECT_FALSE(std::isfinite(found[index].log_prob)) << index;
        }
      }
    }
  }
}

TEST(Scorer, FindsABrokenGainInEveryScore) {
  const std::vector<evals::Token> tokens = model_test::random_tokens(40, 3);
  for (const auto compute : computes) {
    for (const auto role : {checkpoint::Role::input_norm, checkpoint::Role::post_attention_norm,
                            checkpoint::Role::final_norm}) {
      for (const float bad : kinds_of_nan) {
        const auto weights =
            std::make_shared<OneBrokenNumber>(model_test::small_spec(), role, 5, bad);
        for (const evals::TokenScore& score : trunk_scores(weights, tokens, compute)) {
          EXPECT_FALSE(std::isfinite(score.log_prob));
        }
      }
    }
  }
}

}  // namespace
