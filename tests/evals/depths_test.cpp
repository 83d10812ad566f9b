#include "evals/depths.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/evals/support/message_of.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

TEST(DepthDesign, KeepsFewerTrialsEvenlyOverTheDepths) {
  for (int64_t depths = 1; depths <= 20; ++depths) {
    const DepthDesign design{.depths = depths};
    for (int64_t count = 0; count <= 3 * depths; ++count) {
      std::vector<int64_t> at_depth(static_cast<size_t>(depths));
      for (int64_t trial = 0; trial < 3 * depths; ++trial) {
        if (design.is_kept(trial, count)) ++at_depth[static_cast<size_t>(trial % depths)];
      }
      int64_t kept = 0;
      for (int64_t depth = 0; depth < depths; ++depth) {
        kept += at_depth[static_cast<size_t>(depth)];
        const double share = static_cast<double>(count * (depth + 1)) / static_cast<double>(depths);
        EXPECT_LT(std::abs(static_cast<double>(kept) - share), 1) << depths << " " << count;
      }
      EXPECT_EQ(kept, count) << depths;
      EXPECT_LE(std::ranges::max(at_depth) - std::ranges::min(at_depth), 1) << depths;
    }
  }
}

TEST(DepthDesign, GivesEveryThirdItsTrialsWhereverNeedlesComeToLie) {
  const auto in_thirds = [](const DepthDesign& design, int64_t trials) {
    std::vector<int64_t> counts(3);
    for (int64_t t = 0; t < trials; ++t) ++counts[static_cast<size_t>(design.band_of_trial(t))];
    return counts;
  };
  EXPECT_THAT(in_thirds({.depths = 15}, 60), testing::ElementsAre(20, 20, 20));
  EXPECT_THAT(in_thirds({.depths = 10}, 60), testing::ElementsAre(18, 24, 18));
  EXPECT_THAT(in_thirds({DepthDesign::Kind::grid, 3}, 3), testing::ElementsAre(1, 1, 1));
  EXPECT_EQ((DepthDesign{DepthDesign::Kind::distances, 3}).band_of_trial(0), 2) << "near the end";
}

TEST(BadInput, ADepthOutsideTheHaystack) {
  const Retrieval landmark = ready("passkey/landmark");
  EXPECT_EQ(message_of([&] { landmark.prompt(trial_at(1000, 1.5)); }),
            "depth: must lie in [0, 1] (got 1.5); 0 is the start of the haystack, 1 its end");
  EXPECT_EQ(message_of([&] {
              validate(Depth{-0.25, 0.5});
            }),
            "depth: must lie in [0, 1] (got -0.25 to 0.25); 0 is the start of the haystack, 1 its "
            "end");
  EXPECT_NE(message_of([&] { validate(Depth{std::nan(""), 0}); }), "nothing was thrown");
  EXPECT_EQ(message_of([&] {
              (DepthDesign{DepthDesign::Kind::grid, 0}).of_trial(0);
            }),
            "depths: must be >= 1 (got 0)");
}

}  // namespace
}  // namespace evals
