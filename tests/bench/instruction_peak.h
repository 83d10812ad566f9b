#pragma once

namespace bench {

/// Operations per second of one core that does nothing but the widest multiply-add of a dtype on
/// registers: no product of matrices can be faster. A CPU without AVX-512 BF16 has none for
/// bfloat16 and computes in float32. 0 where not even AVX2 is.
double float32_peak();
double bfloat16_peak();

}  // namespace bench
