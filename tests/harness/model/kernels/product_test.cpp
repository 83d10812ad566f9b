#include "harness/model/kernels/product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/model/kernels/llama_ops.h"
#include "harness/model/kernels/product_portable.h"
#include "tests/harness/model/one_dnn.h"

namespace {

/// b [depth, columns] as portable::Product wants it.
at::Tensor in_panels(const at::Tensor& b) {
  return b.view({b.size(0), -1, model::portable::panel}).transpose(0, 1).contiguous();
}

/// a @ b + c, or a @ b, by portable::multiply().
at::Tensor multiplied(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, bool add) {
  at::Tensor to = c.clone();
  const at::Tensor panels = in_panels(b);
  model::portable::multiply({.rows = a.size(0),
                             .columns = b.size(1),
                             .depth = a.size(1),
                             .a = a.const_data_ptr<float>(),
                             .a_stride = a.stride(0),
                             .b = panels.const_data_ptr<float>(),
                             .panel_stride = panels.stride(0),
                             .c = to.mutable_data_ptr<float>(),
                             .c_stride = to.stride(0),
                             .add = add});
  return to;
}

TEST(PortableProduct, EqualsTheProductInDouble) {
  at::manual_seed(1);
  for (const int64_t rows : {1, 5, 6, 7, 12, 126}) {
    for (const int64_t columns : {16, 48}) {
      for (const int64_t depth : {1, 7, 64, 513}) {
        const at::Tensor a = at::randn({rows, depth + 3}).narrow(1, 0, depth);
        const at::Tensor b = at::randn({depth, columns});
        const at::Tensor c = at::randn({rows, columns});
        const at::Tensor exact = at::mm(a.to(at::kDouble), b.to(at::kDouble));
        EXPECT_TRUE(at::allclose(multiplied(a, b, c, false).to(at::kDouble), exact, 1e-5, 1e-4));
        EXPECT_TRUE(at::allclose(multiplied(a, b, c, true).to(at::kDouble), exact + c, 1e-5, 1e-4));
      }
    }
  }
}

TEST(PortableProduct, GivesARowTheSameBitsAmongAnyOthers) {
  at::manual_seed(2);
  const at::Tensor a = at::randn({13, 100});
  const at::Tensor b = at::randn({100, 32});
  const at::Tensor c = at::zeros({13, 32});
  const at::Tensor all = multiplied(a, b, c, false);
  for (int64_t row = 0; row < 13; ++row) {
    EXPECT_TRUE(
        at::equal(multiplied(a.narrow(0, row, 1), b, c.narrow(0, row, 1), false)[0], all[row]));
  }
}

class Products : public model_test::OneDnn {};

INSTANTIATE_TEST_SUITE_P(Model, Products, testing::Bool(), model_test::one_dnn_name);

TEST_P(Products, OfBfloat16AreRoundedOnce) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({256, 300}).to(at::kBFloat16);
  const at::Tensor weight = at::randn({600, 300}).to(at::kBFloat16);
  const at::Tensor bias = at::randn({600}).to(at::kBFloat16);
  const at::Tensor exact = at::mm(x.to(at::kDouble), weight.to(at::kDouble).t());
  // Half a step of bfloat16, and what sums of 300 terms of unit variance lose in float32.
  const auto expect_rounded_once = [&](const at::Tensor& got) {
    ASSERT_EQ(got.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(at::allclose(got.to(at::kDouble), exact, 1.0 / 256, 1e-4));
  };
  expect_rounded_once(model::product(x, weight.t()));
  expect_rounded_once(model::linear(x, weight, {}));
  // LibTorch may round before it adds the bias and after.
  const at::Tensor with_bias = exact + bias.to(at::kDouble);
  const at::Tensor error = (model::linear(x, weight, bias).to(at::kDouble) - with_bias).abs();
  EXPECT_TRUE((error <= (exact.abs() + with_bias.abs()) / 256 + 1e-4).all().item<bool>());
}

TEST_P(Products, PassGradientsToBothFactors) {
  at::manual_seed(4);
  at::Tensor a = at::randn({5, 7}).to(at::kBFloat16).requires_grad_(true);
  at::Tensor b = at::randn({7, 3}).to(at::kBFloat16).requires_grad_(true);
  model::product(a, b).sum().backward();
  EXPECT_TRUE(at::allclose(a.grad().to(at::kFloat), b.detach().to(at::kFloat).sum(1).expand({5, 7}),
                           1.0 / 128, 1e-3));
  EXPECT_TRUE(at::allclose(b.grad().to(at::kFloat),
                           a.detach().to(at::kFloat).sum(0).unsqueeze(1).expand({7, 3}), 1.0 / 128,
                           1e-3));
}

}  // namespace
