#include "harness/model/kernels/rotary.h"

#include <ATen/ATen.h>

#include <cmath>

namespace model {

RotaryTable rotary_table(const Eigen::ArrayXd& inv_freq, const Eigen::ArrayXd& position,
                         double magnitude) {
  const int64_t tokens = position.size();
  const int64_t pairs = inv_freq.size();
  RotaryTable table{at::empty({tokens, pairs}, at::kFloat), at::empty({tokens, pairs}, at::kFloat)};
  float* cos = table.cos.mutable_data_ptr<float>();
  float* sin = table.sin.mutable_data_ptr<float>();
  for (int64_t token = 0; token < tokens; ++token) {
    for (int64_t pair = 0; pair < pairs; ++pair) {
      const double angle = position[token] * inv_freq[pair];
      *cos++ = static_cast<float>(magnitude * std::cos(angle));
      *sin++ = static_cast<float>(magnitude * std::sin(angle));
    }
  }
  return table;
}

at::Tensor rotate(const at::Tensor& x, const RotaryTable& table) {
  const int64_t pairs = table.cos.size(1);
  const int64_t head_dim = x.size(2);
  const auto wide = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor cos = table.cos.to(wide).unsqueeze(1);      // [tokens, 1, pairs]
  const at::Tensor sin = table.sin.to(wide).unsqueeze(1);      // [tokens, 1, pairs]
  const at::Tensor low = x.narrow(2, 0, pairs).to(wide);       // [tokens, heads, pairs]
  const at::Tensor high = x.narrow(2, pairs, pairs).to(wide);  // [tokens, heads, pairs]
  std::vector<at::Tensor> parts = {(low * cos - high * sin).to(x.scalar_type()),
                                   (high * cos + low * sin).to(x.scalar_type())};
  if (2 * pairs < head_dim) {
    parts.push_back(x.narrow(2, 2 * pairs, head_dim - 2 * pairs));
  }
  return at::cat(parts, 2);
}

}  // namespace model
