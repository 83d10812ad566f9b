#include "harness/sweep/quota.h"

#include <gtest/gtest.h>

namespace sweep {
namespace {

using Cells = std::vector<evals::stats::LengthCell>;

const Adaptation both{10, 2, {0.85, 0.05}};

TEST(Quota, IsWhatIsPlannedWhereNoLengthFailed) {
  EXPECT_EQ(quota(both, 60, {}).trials, 60);
  EXPECT_EQ(quota(both, 60, Cells{{1024, 60, 0, 0}, {2048, 50, 10, 0}}).trials, 60);
  EXPECT_EQ(quota({}, 60, Cells{{1024, 0, 60, 0}}).trials, 60);
}

TEST(Quota, IsSmallerBehindALengthShownToFail) {
  EXPECT_EQ(quota(both, 60, Cells{{1024, 30, 30, 0}}).trials, 10);
  EXPECT_EQ(quota(both, 5, Cells{{1024, 30, 30, 0}}).trials, 5);
  EXPECT_EQ(quota(both, 60, Cells{{1024, 30, 30, 0}, {2048, 10, 0, 0}}).trials, 10);
}

TEST(Quota, SkipsBehindLengthsWithoutAHit) {
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 60, 0}}).skipped, "");
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 60, 0}, {2048, 0, 10, 0}}).skipped,
            "no hit at 2 lengths in a row up to 2048");
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 60, 0}, {2048, 1, 9, 0}}).skipped, "");
}

TEST(Quota, IsNotDecidedByALengthWithMissingAnswers) {
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 4, 56}}).trials, 60);
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 60, 0}, {2048, 0, 1, 9}}).skipped, "");
  EXPECT_EQ(quota(both, 60, Cells{{1024, 0, 60, 0}, {2048, 59, 0, 1}, {4096, 0, 10, 0}}).skipped,
            "")
      << "the lengths without a hit do not follow one another";
}

}  // namespace
}  // namespace sweep
