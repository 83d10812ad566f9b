#include "scalings/yarn_ramp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "scalings/plan.h"

namespace scalings {

YarnRamp::YarnRamp(base::StrictObject& params)
    : beta_fast_(params.number("beta_fast", base::Bounds::above(0), 32)),
      beta_slow_(params.number("beta_slow", base::Bounds::above(0), 1)),
      truncate_(params.boolean("truncate", true)) {
  if (beta_fast_ <= beta_slow_) {
    params.problems().add(params.at("beta_fast"),
                          fmt::format("must be > beta_slow {} (got {})", beta_slow_, beta_fast_));
  }
}

Eigen::ArrayXd YarnRamp::frequencies(double theta, int64_t rotary_dim, double window,
                                     double factor) const {
  const auto dim = static_cast<double>(rotary_dim);
  const auto pair_of = [&](double turns) {
    return dim * std::log(window / (2 * std::numbers::pi * turns)) / (2 * std::log(theta));
  };
  double low = pair_of(beta_fast_);
  double high = pair_of(beta_slow_);
  if (truncate_) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);  // sic: the reference code clamps to channels, not to pairs
  if (low == high) high += 0.001;

  Eigen::ArrayXd inv_freq = plain_frequencies(theta, rotary_dim);
  for (int64_t pair = 0; pair < inv_freq.size(); ++pair) {
    const double ramp = std::clamp((static_cast<double>(pair) - low) / (high - low), 0.0, 1.0);
    inv_freq[pair] = std::lerp(inv_freq[pair], inv_freq[pair] / factor, ramp);
  }
  return inv_freq;
}

void YarnRamp::write(nlohmann::json& params) const {
  params["beta_fast"] = beta_fast_;
  params["beta_slow"] = beta_slow_;
  params["truncate"] = truncate_;
}

double yarn_magnitude(double factor, double scale) {
  return factor <= 1 ? 1.0 : 0.1 * scale * std::log(factor) + 1;
}

}  // namespace scalings
