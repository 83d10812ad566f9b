#include "harness/model/kernels/row_math.h"

#include <gtest/gtest.h>

#include <limits>

namespace {

/// What store() makes of the float32 with these bits.
uint16_t stored(uint32_t bits) {
  model::bf16 to{};
  model::store(to, std::bit_cast<float>(bits));
  return to.bits;
}

TEST(StoreBfloat16, RoundsToNearestAndTiesToEven) {
  EXPECT_EQ(stored(0x3f800000), 0x3f80);  // 1
  EXPECT_EQ(stored(0x3f807fff), 0x3f80);
  EXPECT_EQ(stored(0x3f808000), 0x3f80);  // half way, down to even
  EXPECT_EQ(stored(0x3f808001), 0x3f81);
  EXPECT_EQ(stored(0x3f818000), 0x3f82);  // half way, up to even
  EXPECT_EQ(stored(0x80000000), 0x8000);  // -0
  EXPECT_EQ(stored(0x00000001), 0x0000);  // the least number above 0
  EXPECT_EQ(stored(0x7f7fffff), 0x7f80);  // the greatest: to infinity
  EXPECT_EQ(stored(0xff800000), 0xff80);  // -infinity
}

TEST(StoreBfloat16, KeepsEveryNaN) {
  // Quiet and signalling, the payload in either half, CUDA's (all ones), float16's 0x7fff widened.
  for (const uint32_t magnitude :
       {0x7fc00000U, 0x7f800001U, 0x7f80ffffU, 0x7fffffffU, 0x7fff8000U, 0x7fffe000U}) {
    for (const uint32_t bits : {magnitude, magnitude | 0x80000000U}) {
      const model::bf16 value{stored(bits)};
      EXPECT_TRUE(std::isnan(model::load(value))) << std::hex << bits;
      EXPECT_EQ(value.bits >> 15, bits >> 31) << std::hex << bits;
    }
  }
}

}  // namespace
