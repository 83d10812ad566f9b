#include "evals/stats/certified_length.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace evals::stats {
namespace {

using Cells = std::vector<LengthCell>;
constexpr Criterion usual{0.85, 0.05};

LengthCell sharing_sources(LengthCell cell) {
  cell.independent = false;
  return cell;
}

/// 50 trials a length; a missing count takes its trials away from the misses.
LengthCell of50(int64_t length, int64_t hits, int64_t missing = 0) {
  return {length, hits, 50 - hits - missing, missing};
}

TEST(CertifiedLength, IsTheLastLengthOfTheUnbrokenRun) {  // 50 trials need 47 hits
  const Cells cells = {of50(4096, 50), of50(8192, 47), of50(16384, 46), of50(32768, 50)};
  EXPECT_EQ(certified_length(cells, usual), (LengthClaim{8192, Ending::not_shown, 16384}));
}

TEST(CertifiedLength, ReachesTheEndWhenEveryLengthIsShown) {
  const Cells cells = {of50(4096, 50), of50(8192, 49)};
  EXPECT_EQ(certified_length(cells, usual), (LengthClaim{8192, Ending::all_lengths, {}}));
}

TEST(CertifiedLength, SaysThatTenTrialsCanNeverCertify) {
  const Cells cells = {{4096, 10, 0, 0}};
  EXPECT_EQ(certified_length(cells, usual), (LengthClaim{{}, Ending::too_few_trials, 4096}));
}

TEST(CertifiedLength, EndsWhereTrialsShareASource) {
  const Cells cells = {of50(4096, 50), sharing_sources(of50(8192, 50)), of50(16384, 50)};
  EXPECT_EQ(certified_length(cells, usual), (LengthClaim{4096, Ending::dependent_trials, 8192}));
  EXPECT_EQ(certified_length({sharing_sources(of50(4096, 50)), of50(8192, 50)}, usual),
            (LengthClaim{{}, Ending::dependent_trials, 4096}));
}

TEST(CertifiedLength, NamesSharedSourcesBeforeWhatMoreAnswersCouldMend) {
  for (const LengthCell& cell : {of50(4096, 0), of50(4096, 49, 1), LengthCell{4096, 10, 0, 0}}) {
    EXPECT_EQ(certified_length({sharing_sources(cell)}, usual),
              (LengthClaim{{}, Ending::dependent_trials, 4096}));
  }
}

TEST(FailingLength, WalksDownFromTheLongestLength) {  // 50 trials fail with 37 hits or fewer
  const Cells cells = {of50(4096, 10), of50(8192, 48), of50(16384, 37), of50(32768, 0)};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{16384, Ending::not_shown, 8192}));
}

TEST(FailingLength, IsNoneWhenTheLongestLengthIsNotShownToFail) {
  const Cells cells = {of50(4096, 50), of50(8192, 0), of50(16384, 38)};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{{}, Ending::not_shown, 16384}));
}

TEST(FailingLength, PassesOverLengthsThatWereNeverAnswered) {
  const Cells cells = {of50(4096, 50), of50(8192, 0), of50(16384, 0), of50(32768, 0, 50)};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{8192, Ending::not_shown, 4096}));
  EXPECT_EQ(failing_length({of50(4096, 0, 50)}, usual), (LengthClaim{{}, Ending::missing, 4096}));
}

TEST(FailingLength, PassesOverTheLongestLengthsWhereTrialsShareASource) {
  const Cells cells = {of50(4096, 50), of50(8192, 0), sharing_sources(of50(16384, 50)),
                       of50(32768, 0, 50), sharing_sources(of50(65536, 0))};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{8192, Ending::not_shown, 4096}));
}

TEST(FailingLength, EndsWhereTrialsShareASource) {
  const Cells cells = {of50(4096, 0), sharing_sources(of50(8192, 0)), of50(16384, 0)};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{16384, Ending::dependent_trials, 8192}));
}

TEST(FailingLength, IsNotCertifiableWhereTrialsShareASourceAtEveryAnsweredLength) {
  const Cells cells = {sharing_sources(of50(4096, 0)), sharing_sources(of50(8192, 0)),
                       of50(16384, 0, 50)};
  EXPECT_EQ(failing_length(cells, usual), (LengthClaim{{}, Ending::dependent_trials, 8192}));
}

TEST(PointLength, TakesTheEstimatesOfTrialsThatShareASource) {
  EXPECT_EQ(point_length({of50(4096, 50), sharing_sources(of50(8192, 50))}, 0.85),
            (LengthClaim{8192, Ending::all_lengths, {}}));
}

TEST(PointLength, StopsAtTheFirstEstimateBelowTau) {
  const Cells cells = {{4096, 9, 1, 0}, {8192, 17, 3, 0}, {16384, 8, 2, 0}, {32768, 10, 0, 0}};
  EXPECT_EQ(point_length(cells, 0.85), (LengthClaim{8192, Ending::not_shown, 16384}));
}

// What the three kinds of bad cells do in the middle of a run.
TEST(ADivergedCell, IsMissesAndTheWalkGoesOnFromThere) {
  const Cells few = {of50(4096, 50), of50(8192, 47), of50(16384, 47)};  // 3 of 50 diverged
  EXPECT_EQ(certified_length(few, usual).length, 16384);
  const Cells all = {of50(4096, 50), of50(8192, 0), of50(16384, 0)};
  EXPECT_EQ(certified_length(all, usual), (LengthClaim{4096, Ending::not_shown, 8192}));
  EXPECT_EQ(failing_length(all, usual), (LengthClaim{8192, Ending::not_shown, 4096}));
  EXPECT_EQ(point_length(all, 0.85), (LengthClaim{4096, Ending::not_shown, 8192}));
}

TEST(AnOutOfMemoryCell, StopsCertificationEvenWhenOneTrialIsMissing) {
  const Cells one = {of50(4096, 50), of50(8192, 49, 1), of50(16384, 50)};
  EXPECT_EQ(certified_length(one, usual), (LengthClaim{4096, Ending::missing, 8192}));
  const Cells failing = {of50(4096, 0), of50(8192, 0, 1), of50(16384, 0)};
  EXPECT_EQ(failing_length(failing, usual), (LengthClaim{16384, Ending::missing, 8192}));
}

TEST(ASkippedCell, StopsAllThreeLengths) {
  const Cells high = {of50(4096, 50), of50(8192, 0, 50), of50(16384, 50)};
  EXPECT_EQ(certified_length(high, usual), (LengthClaim{4096, Ending::missing, 8192}));
  EXPECT_EQ(point_length(high, 0.85), (LengthClaim{4096, Ending::missing, 8192}));
  const Cells low = {of50(4096, 0), of50(8192, 0, 50), of50(16384, 0)};
  EXPECT_EQ(failing_length(low, usual), (LengthClaim{16384, Ending::missing, 8192}));
}

BandedCell bands(int64_t length, std::array<int64_t, 3> hits, std::array<int64_t, 3> trials) {
  BandedCell cell;
  for (size_t b = 0; b < 3; ++b) cell[b] = {length, hits[b], trials[b] - hits[b], 0};
  return cell;
}

TEST(WorstDepth, NeedsEveryBand) {  // 20 trials need 20 hits, 40 need 38
  const std::vector<BandedCell> cells = {bands(4096, {20, 40, 38}, {20, 40, 40}),
                                         bands(8192, {40, 37, 40}, {40, 40, 40})};
  EXPECT_EQ(worst_depth_length(cells, usual), (LengthClaim{4096, Ending::not_shown, 8192}));
}

TEST(WorstDepth, IsNotCertifiableWithABandUnderTwentyTrials) {
  const std::vector<BandedCell> cells = {bands(4096, {20, 20, 19}, {20, 20, 19})};
  EXPECT_EQ(worst_depth_length(cells, usual), (LengthClaim{{}, Ending::too_few_trials, 4096}));
}

TEST(WorstDepth, StopsAtMissingTrials) {
  BandedCell cell = bands(4096, {40, 40, 40}, {40, 40, 40});
  cell[1].missing = 1;
  EXPECT_EQ(worst_depth_length({cell}, usual), (LengthClaim{{}, Ending::missing, 4096}));
}

TEST(WorstDepth, EndsWhereTrialsShareASource) {
  const BandedCell own = bands(4096, {40, 40, 40}, {40, 40, 40});
  for (const size_t band : {0u, 1u, 2u}) {
    BandedCell shared = bands(8192, {40, 40, 40}, {40, 40, 40});
    shared[band] = sharing_sources(shared[band]);
    EXPECT_EQ(worst_depth_length({own, shared}, usual),
              (LengthClaim{4096, Ending::dependent_trials, 8192}));
  }
}

TEST(DepthBand, CutsTheHaystackInThirds) {
  EXPECT_EQ(depth_band(0), 0);
  EXPECT_EQ(depth_band(2.0 / 9), 0);
  EXPECT_EQ(depth_band(3.0 / 9), 1);
  EXPECT_EQ(depth_band(0.5), 1);
  EXPECT_EQ(depth_band(2.0 / 3), 2);
  EXPECT_EQ(depth_band(1), 2);
  EXPECT_THROW(depth_band(1.5), base::Error);
}

TEST(CertifiedLength, RefusesWhatIsNoDesign) {
  EXPECT_THROW(certified_length({of50(4096, 50)}, {1.0, 0.05}), base::Error);
  EXPECT_THROW(certified_length({of50(4096, 50)}, {0.0, 0.05}), base::Error);
  EXPECT_THROW(certified_length({of50(4096, 50)}, {0.85, 1}), base::Error);
  EXPECT_THROW(certified_length({of50(8192, 50), of50(4096, 50)}, usual), base::Error);
  EXPECT_THROW(certified_length({of50(4096, 51)}, usual), base::Error);
}

TEST(CertifiedLength, NamesThePlaceOfABadTau) {
  try {
    certified_length({of50(4096, 50)}, {1.5, 0.05});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "statistics: tau: must be above 0 and below 1 (got 1.5)");
  }
}

}  // namespace
}  // namespace evals::stats
