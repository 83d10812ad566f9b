#pragma once

#include <cstdint>

namespace scalings {

/// NTK-aware base, b alpha^(d/(d-2)): the first pair keeps its frequency, the last one gets exactly
/// 1/alpha of it. Throws base::Error naming `method` where d < 4.
double ntk_theta(double theta, double alpha, int64_t rotary_dim, const char* method);

}  // namespace scalings
