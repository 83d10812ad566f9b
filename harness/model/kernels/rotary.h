#pragma once

#include <ATen/core/Tensor.h>

#include <Eigen/Core>

namespace model {

/// cos and sin of every token and pair, the plan's magnitude multiplied in: [tokens, pairs],
/// float32.
struct RotaryTable {
  at::Tensor cos;
  at::Tensor sin;
};

/// The table of one ruler. Angles are products in double, reduced in double by libm; only cos and
/// sin are cast (an angle held in float32 is wrong by 1e-2 radians at 200,000 tokens).
///   inv_freq [pairs], position [tokens]
RotaryTable rotary_table(const Eigen::ArrayXd& inv_freq, const Eigen::ArrayXd& position,
                         double magnitude = 1.0);

/// Turns the first 2 * pairs channels of x in the half-split layout: channel p with channel
/// p + pairs; the other channels pass unchanged. Differentiable in x. Computes in float32 (double
/// when x is double) and answers in the type of x.
///   x [tokens, heads, head_dim], table [tokens, pairs] -> [tokens, heads, head_dim]
at::Tensor rotate(const at::Tensor& x, const RotaryTable& table);

}  // namespace model
