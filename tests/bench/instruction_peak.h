#pragma once

namespace bench {

/// Operations per second of one core that does nothing but the widest multiply-add of a dtype on
/// registers: no product of matrices can be faster. 0 where this CPU lacks AVX-512 (BF16).
double float32_peak();
double bfloat16_peak();

}  // namespace bench
