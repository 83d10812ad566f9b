#pragma once

#include <Eigen/Core>

#include "harness/base/json.h"

namespace scalings {

/// YaRN's frequencies as its authors' code, Transformers, vLLM and llama.cpp compute them: from
/// theta_i for pairs that turn more than beta_fast times within the original window down to
/// theta_i / s for pairs that turn less than beta_slow times, linear in the *pair index* between.
/// (The paper's equations are linear in the number of turns instead: method ntk_by_parts.)
class YarnRamp {
 public:
  /// Reads beta_fast, beta_slow, truncate; beta_fast must be larger.
  explicit YarnRamp(base::StrictObject& params);

  /// `window`: the length L whose turns are counted, tokens.
  Eigen::ArrayXd frequencies(double theta, int64_t rotary_dim, double window, double factor) const;

  void write(nlohmann::json& params) const;

 private:
  double beta_fast_;
  double beta_slow_;
  bool truncate_;
};

/// YaRN's temperature as a factor on cos and sin: 0.1 scale ln(s) + 1 (Peng et al., eq. 22).
double yarn_magnitude(double factor, double scale = 1);

}  // namespace scalings
