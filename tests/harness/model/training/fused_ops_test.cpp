#include "harness/model/training/fused_ops.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/model/training/causal_attention.h"
#include "scalings/plan.h"

namespace training {
namespace {

// Every fused op is held to the same formula written with LibTorch's own differentiable ops.
struct Gradients {
  at::Tensor out;
  std::vector<at::Tensor> d_inputs;
};

template <typename Op>
Gradients run(Op op, std::vector<at::Tensor> inputs) {
  for (at::Tensor& input : inputs) input = input.detach().requires_grad_(true);
  const at::Tensor out = op(inputs);
  // Every element of the gradient counts, and none cancels another: a regular cotangent would let
  // heads that share a key nearly undo each other, and leave their rounding.
  const at::Tensor cotangent =
      at::randn(out.sizes(), at::detail::createCPUGenerator(5), at::kFloat);
  out.backward(cotangent.to(out.scalar_type()));
  Gradients gradients{out.detach(), {}};
  for (const at::Tensor& input : inputs) gradients.d_inputs.push_back(input.grad());
  return gradients;
}

void expect_close(const Gradients& ours, const Gradients& reference, double tolerance) {
  const auto close = [&](const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor wide = b.to(at::kDouble);
    const double scale = wide.abs().max().item<double>();
    return (a.to(at::kDouble) - wide).abs().max().item<double>() <= tolerance * scale;
  };
  EXPECT_TRUE(close(ours.out, reference.out));
  ASSERT_EQ(ours.d_inputs.size(), reference.d_inputs.size());
  for (size_t i = 0; i < ours.d_inputs.size(); ++i) {
    EXPECT_TRUE(close(ours.d_inputs[i], reference.d_inputs[i])) << "gradient of input " << i;
  }
}

at::Tensor normal(at::IntArrayRef shape) {
  static auto generator = at::detail::createCPUGenerator(7);
  return at::randn(shape, generator, at::kFloat);
}

constexpr double kFloatTolerance = 2e-6;
constexpr double kBfloat16Tolerance = 1.0 / 128;  // one rounding of a value near the largest

at::Tensor add_norm_reference(const std::vector<at::Tensor>& in) {
  const at::Tensor sum = in[0] + in[1].to(at::kFloat);
  const at::Tensor normed = sum * at::rsqrt(sum.square().mean(-1, true) + 1e-5) * in[2];
  return at::cat({sum, normed}, 1);
}

at::Tensor add_norm_ours(const std::vector<at::Tensor>& in) {
  const AddNorm out = add_norm(in[0], in[1], in[2], 1e-5, in[1].scalar_type());
  return at::cat({out.sum, out.normed.to(at::kFloat)}, 1);
}

TEST(AddNorm, AgreesWithItsFormulaInFloat) {
  const std::vector<at::Tensor> in = {normal({37, 24}), normal({37, 24}), normal({24})};
  expect_close(run(add_norm_ours, in), run(add_norm_reference, in), kFloatTolerance);
}

TEST(AddNorm, AgreesWithItsFormulaInBfloat16) {
  const std::vector<at::Tensor> in = {normal({37, 24}), normal({37, 24}).to(at::kBFloat16),
                                      normal({24})};
  expect_close(run(add_norm_ours, in), run(add_norm_reference, in), kBfloat16Tolerance);
}

TEST(AddNorm, PassesTheStreamThroughWhenThereIsNothingToAdd) {
  const at::Tensor x = normal({5, 16});
  const AddNorm out = add_norm(x, {}, at::ones({16}), 1e-5, at::kFloat);
  EXPECT_TRUE(at::equal(out.sum, x));
}

at::Tensor swiglu_reference(const std::vector<at::Tensor>& in) {
  const std::vector<at::Tensor> halves = in[0].to(at::kFloat).chunk(2, 1);
  return at::silu(halves[0]) * halves[1];
}

TEST(Swiglu, AgreesWithItsFormula) {
  const auto ours = [](const std::vector<at::Tensor>& in) { return swiglu(in[0]); };
  const std::vector<at::Tensor> in = {4 * normal({33, 40})};
  expect_close(run(ours, in), run(swiglu_reference, in), kFloatTolerance);
  const std::vector<at::Tensor> narrow = {in[0].to(at::kBFloat16)};
  expect_close(run(ours, narrow), run(swiglu_reference, narrow), kBfloat16Tolerance);
}

constexpr HeadShape kHeads{2, 9, 4, 2, 8};  // two sequences of nine, grouped queries

RotaryTables tables_of(int64_t rotary_dim, double gain) {
  const scalings::Context context{{kHeads.head_dim, rotary_dim, 100.0, 64}, kHeads.length, 0, 1};
  scalings::RotaryPlan plan = scalings::plain_plan(context);
  plan.magnitude = 1.25;
  plan.gain.setLinSpaced(kHeads.length, 1.0, gain);
  return rotary_tables(plan, context.shape);
}

/// The complex-number form of the rotation: an implementation that shares nothing with ours.
at::Tensor rotate_reference(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const int64_t pairs = cos.size(1);
  const at::Tensor z =
      at::complex(x.narrow(3, 0, pairs).contiguous(), x.narrow(3, pairs, pairs).contiguous());
  const at::Tensor turned = z * at::complex(cos, sin);
  return at::cat({at::real(turned), at::imag(turned), x.slice(3, 2 * pairs)}, 3);
}

at::Tensor heads_reference(const at::Tensor& qkv, const RotaryTables& tables) {
  const at::Tensor split =
      qkv.view({kHeads.sequences, kHeads.length, -1, kHeads.head_dim}).transpose(1, 2);
  at::Tensor query = rotate_reference(split.slice(1, 0, 4), tables.query_cos, tables.query_sin);
  if (tables.gain.defined()) query = query * tables.gain.view({1, 1, -1, 1});
  const at::Tensor key = rotate_reference(split.slice(1, 4, 6), tables.key_cos, tables.key_sin);
  return at::cat({query.flatten(), key.flatten(), split.slice(1, 6, 8).flatten()});
}

TEST(RotateHeads, AgreesWithComplexNumbers) {
  for (const int64_t rotary_dim : {int64_t{8}, int64_t{4}}) {
    for (const double gain : {1.0, 3.0}) {
      const RotaryTables tables = tables_of(rotary_dim, gain);
      const auto ours = [&](const std::vector<at::Tensor>& in) {
        const Heads heads = rotate_heads(in[0], tables, kHeads);
        return at::cat({heads.query.flatten(), heads.key.flatten(), heads.value.flatten()});
      };
      const auto reference = [&](const std::vector<at::Tensor>& in) {
        return heads_reference(in[0], tables);
      };
      const std::vector<at::Tensor> in = {normal({18, 64})};
      expect_close(run(ours, in), run(reference, in), kFloatTolerance);
    }
  }
}

TEST(RotaryTables, RefuseAPlanThatLeavesKeysOut) {
  const scalings::Context context{{8, 8, 100.0, 64}, 4, 0, 1};
  scalings::RotaryPlan plan = scalings::plain_plan(context);
  plan.spans = {};
  for (int64_t query = 0; query < 4; ++query) {
    const std::vector<scalings::Span> last = {{query, query + 1, 0}};
    plan.spans.push_row(last);
  }
  EXPECT_THROW(rotary_tables(plan, context.shape), base::Error);
}

at::Tensor attention_reference(const std::vector<at::Tensor>& in) {
  const int64_t length = in[0].size(2);
  const auto wide = [](const at::Tensor& x, int64_t groups) {
    return x.to(at::kDouble).repeat_interleave(groups, 1);
  };
  const at::Tensor logits = at::matmul(wide(in[0], 1), wide(in[1], 2).transpose(2, 3)) /
                            std::sqrt(static_cast<double>(in[0].size(3)));
  const at::Tensor future = at::ones({length, length}, at::kBool).triu(1);
  const at::Tensor weights = logits.masked_fill(future, -INFINITY).softmax(-1);
  return at::matmul(weights, wide(in[2], 2)).transpose(1, 2).reshape({-1, 4 * in[0].size(3)});
}

TEST(CausalAttention, AgreesWithTheFormulaInDouble) {
  const auto ours = [](const std::vector<at::Tensor>& in) {
    return causal_attention(in[0], in[1], in[2]);
  };
  for (const int64_t length : {int64_t{2}, int64_t{17}, int64_t{600}}) {  // dense and flash
    const std::vector<at::Tensor> in = {normal({2, 4, length, 16}), normal({2, 2, length, 16}),
                                        normal({2, 2, length, 16})};
    expect_close(run(ours, in), run(attention_reference, in), 1e-5);
    std::vector<at::Tensor> narrow;
    for (const at::Tensor& x : in) narrow.push_back(x.to(at::kBFloat16));
    expect_close(run(ours, narrow), run(attention_reference, narrow), 2 * kBfloat16Tolerance);
  }
}

TEST(CausalAttention, GivesOneTokenItsOwnValue) {
  const auto ours = [](const std::vector<at::Tensor>& in) {
    return causal_attention(in[0], in[1], in[2]);
  };
  const auto copied = [](const std::vector<at::Tensor>& in) {
    return in[0].repeat_interleave(2, 1).transpose(1, 2).reshape({2, 64});
  };
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const std::vector<at::Tensor> in = {normal({2, 4, 1, 16}).to(type),
                                        normal({2, 2, 1, 16}).to(type),
                                        normal({2, 2, 1, 16}).to(type)};
    const Gradients found = run(ours, in);
    const Gradients expected = run(copied, {in[2]});
    EXPECT_TRUE(at::equal(found.out, expected.out));
    EXPECT_TRUE(at::equal(found.d_inputs[2], expected.d_inputs[0]));
    // A softmax over one key is constant, so the gradient of queries and keys is zero, to which no
    // error can be relative: what may be left is the rounding of sums of 16 products near 1.
    EXPECT_LE(found.d_inputs[0].abs().max().item<double>(), 1e-5);
    EXPECT_LE(found.d_inputs[1].abs().max().item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace training
