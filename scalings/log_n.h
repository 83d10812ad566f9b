#pragma once

#include <Eigen/Core>

namespace scalings {

/// Logit gain of query m: max(1, ln(m+1) / ln(window)), so that attention stays as sharp beyond the
/// window as at its end.
Eigen::ArrayXd log_n_gain(int64_t length, double window);

}  // namespace scalings
