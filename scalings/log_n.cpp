#include "scalings/log_n.h"

#include <algorithm>
#include <cmath>

namespace scalings {

Eigen::ArrayXd log_n_gain(int64_t length, double window) {
  Eigen::ArrayXd gain(length);
  for (int64_t query = 0; query < length; ++query) {
    gain[query] = std::max(1.0, std::log(static_cast<double>(query + 1)) / std::log(window));
  }
  return gain;
}

}  // namespace scalings
