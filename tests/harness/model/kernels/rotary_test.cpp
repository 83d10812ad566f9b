#include "harness/model/kernels/rotary.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace {

TEST(Rotary, PairsChannelPWithChannelPPlusHalf) {
  // Position 1, one radian per position for pair 0 and none for pair 1; channel 4 does not rotate.
  const Eigen::ArrayXd inv_freq{{1.0, 0.0}};
  const Eigen::ArrayXd position{{1.0}};
  const at::Tensor x = at::tensor({1.0f, 2.0f, 3.0f, 4.0f, 5.0f}).view({1, 1, 5});
  const at::Tensor y = model::rotate(x, model::rotary_table(inv_freq, position, 2.0)).flatten();
  const float c = std::cos(1.0f), s = std::sin(1.0f);
  EXPECT_NEAR(y[0].item<float>(), 2 * (1 * c - 3 * s), 1e-6);
  EXPECT_NEAR(y[1].item<float>(), 2 * 2, 1e-6);
  EXPECT_NEAR(y[2].item<float>(), 2 * (3 * c + 1 * s), 1e-6);
  EXPECT_NEAR(y[3].item<float>(), 2 * 4, 1e-6);
  EXPECT_EQ(y[4].item<float>(), 5);
}

TEST(Rotary, AnglesAt200000TokensAreExactToFloat32) {
  const Eigen::ArrayXd inv_freq{{1.0, 0.7390851332151607}};
  const Eigen::ArrayXd position{{199999.0}};
  const model::RotaryTable table = model::rotary_table(inv_freq, position);
  for (int pair = 0; pair < 2; ++pair) {
    const long double angle = 199999.0L * static_cast<long double>(inv_freq[pair]);
    EXPECT_NEAR(table.cos[0][pair].item<float>(), std::cos(angle), 6e-8);
    EXPECT_NEAR(table.sin[0][pair].item<float>(), std::sin(angle), 6e-8);
  }
}

TEST(Rotary, DotProductsDependOnTheDistanceOnly) {
  const Eigen::ArrayXd inv_freq{{1.0, 0.1, 0.01}};
  const Eigen::ArrayXd position{{5.0, 12.0, 1005.0, 1012.0}};
  at::manual_seed(1);
  const at::Tensor q = at::randn({1, 1, 6}).expand({4, 1, 6});
  const at::Tensor k = at::randn({1, 1, 6}).expand({4, 1, 6});
  const model::RotaryTable table = model::rotary_table(inv_freq, position);
  const at::Tensor rq = model::rotate(q, table).squeeze(1), rk = model::rotate(k, table).squeeze(1);
  EXPECT_NEAR(at::dot(rq[1], rk[0]).item<float>(), at::dot(rq[3], rk[2]).item<float>(), 1e-5);
  EXPECT_GT(std::abs(at::dot(rq[1], rk[0]).item<float>() - at::dot(rq[1], rk[1]).item<float>()),
            1e-2);
}

TEST(Rotary, IsDifferentiable) {
  const Eigen::ArrayXd inv_freq{{1.0, 0.1}};
  const Eigen::ArrayXd position{{3.0, 8.0}};
  const at::Tensor x = at::randn({2, 1, 4}).requires_grad_();
  model::rotate(x, model::rotary_table(inv_freq, position)).square().sum().backward();
  EXPECT_TRUE(at::allclose(x.grad(), 2 * x.detach(), 1e-5, 1e-6));  // rotation keeps the norm
}

}  // namespace
