#include "harness/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace base {
namespace {

using Words = std::array<uint32_t, 4>;

// The known answers published with Random123 (file kat_vectors).
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(CounterRandom, IsAPureFunctionOfIdentityAndDraw) {
  const CounterRandom one(Json::array({1, "passkey", 4096}));
  const CounterRandom same(Json::array({1, "passkey", 4096.0}));
  const CounterRandom other(Json::array({1, "passkey", 4097}));
  EXPECT_EQ(one.bits(5), same.bits(5));
  EXPECT_NE(one.bits(5), other.bits(5));
  EXPECT_NE(one.bits(5), one.bits(6));
}

TEST(CounterRandom, StaysBelowItsBoundAndReachesEveryValue) {
  const CounterRandom random(Json("below"));
  std::set<int64_t> seen;
  for (uint64_t draw = 0; draw < 500; ++draw) {
    const int64_t value = random.below(draw, 7);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 7);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 7u);
}

TEST(CounterRandom, UnitIsUniform) {
  const CounterRandom random(Json("unit"));
  constexpr int64_t n = 20000;
  double sum = 0;
  for (uint64_t draw = 0; draw < n; ++draw) sum += random.unit(draw);
  EXPECT_NEAR(sum / n, 0.5, 5 * 0.2887 / std::sqrt(n));
}

}  // namespace
}  // namespace base
