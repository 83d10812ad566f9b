#include "scalings/reach.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/scalings/support.h"

namespace scalings {
namespace {

Reach reach_of(const char* json) { return reach(chain(json), context(4, 64, 10000, 32), 4096); }

TEST(Reach, OfPlainEndsAtTheTrainedLength) {
  const Reach plain = reach_of("[]");
  EXPECT_EQ(plain.largest_distance, 63);
  EXPECT_EQ(plain.first_length_beyond, 33);
  EXPECT_EQ(plain.stated_limit, std::nullopt);
}

TEST(Reach, OfSelfExtendIsThePapersLimit) {
  const Reach grouped = reach_of(R"([{"type": "self_extend", "group": 4, "window": 8}])");
  EXPECT_EQ(grouped.stated_limit, (32 - 8) * 4 + 8);
  // One group later the first distance leaves the trained range.
  EXPECT_EQ(grouped.first_length_beyond, 105);
}

TEST(Reach, OfChunksIsUnlimited) {
  const Reach chunks = reach_of(R"([{"type": "dual_chunk", "chunk": 24, "local": 4}])");
  EXPECT_EQ(chunks.largest_distance, 24);
  EXPECT_EQ(chunks.first_length_beyond, std::nullopt);
}

TEST(Reach, StatedLimitOfAChainIsItsSmallest) {
  EXPECT_EQ(reach_of(R"([{"type": "yarn", "factor": 2},
                         {"type": "self_extend", "group": 4, "window": 8}])")
                .stated_limit,
            64);
}

}  // namespace
}  // namespace scalings
