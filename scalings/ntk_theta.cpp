#include "scalings/ntk_theta.h"

#include <fmt/format.h>

#include <cmath>

#include "harness/base/error.h"

namespace scalings {

double ntk_theta(double theta, double alpha, int64_t rotary_dim, const char* method) {
  if (rotary_dim < 4) {
    throw base::Error(base::Fault::input, "",
                      {method, fmt::format("needs rotary_dim >= 4 (got {})", rotary_dim), ""});
  }
  const auto dim = static_cast<double>(rotary_dim);
  return theta * std::pow(alpha, dim / (dim - 2));
}

}  // namespace scalings
