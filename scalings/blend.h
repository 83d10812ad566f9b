#pragma once

#include <Eigen/Core>

namespace scalings {

/// Frequencies between theta_i / factor (pairs that turn `low` times or less within `window`
/// tokens) and theta_i (`high` times or more), linear in the number of turns between. YaRN's paper,
/// eq. 17-20, and Llama 3.1's rule are this one function.
Eigen::ArrayXd blended_by_turns(double theta, int64_t rotary_dim, double window, double factor,
                                double low, double high);

}  // namespace scalings
