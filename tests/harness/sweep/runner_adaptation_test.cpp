#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sweep/runner.h"
#include "tests/harness/sweep/oracle_sweep.h"

// What is not asked behind lengths that failed: skip_after and trials_after_failure.
namespace sweep {
namespace {

class RunnerAdaptation : public OracleSweep {};

TEST_F(RunnerAdaptation, FewerTrialsBehindALengthThatFailed) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked =
      experiment(R"("trials_after_failure": 3, "lengths": [1024, 2048, 4096, 8192], )" +
                 passkey(R"(, "methods": ["plain"])"));
  sweep(asked);
  std::map<int64_t, std::set<int64_t>> trials;
  for (const Row& row : rows()) trials[row.length].insert(row.retrieval->trial);
  EXPECT_EQ(trials[1024].size(), 10u);
  EXPECT_EQ(trials[2048].size(), 10u);
  const std::set<int64_t> over_all_depths = {1, 3, 4};
  EXPECT_EQ(trials[4096], over_all_depths);
  EXPECT_EQ(trials[8192], over_all_depths);
}

TEST_F(RunnerAdaptation, CountsTowardsOneTotalWhateverIsSparedOrDoneBefore) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked =
      experiment(R"("trials_after_failure": 5, "lengths": [1024, 2048, 4096, 8192], )" +
                 passkey(R"(, "methods": ["plain"])"));
  std::vector<SweepProgress> seen;
  SweepOptions options{.selection = {},
                       .retry = false,
                       .stop = [&] { return subject_.documents >= 12; },
                       .report = [&](const SweepProgress& progress) { seen.push_back(progress); }};
  const SweepResult stopped = sweep(asked, options);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(seen.back().cells, stopped.cells);
  options.stop = {};
  EXPECT_EQ(sweep(asked, options).spared, 10);
  int64_t before = 0;
  for (const SweepProgress& progress : seen) {
    EXPECT_EQ(progress.all_cells, 40);
    EXPECT_GE(progress.cells, before);
    before = progress.cells;
  }
  EXPECT_EQ(seen.back().cells, 40);
  EXPECT_NEAR(seen.back().flops_ahead, 0, 1e-3 * seen.back().flops);
}

TEST_F(RunnerAdaptation, ExpectsNoWorkBehindLengthsThatFailedInEarlierRuns) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked =
      experiment(R"("trials_after_failure": 5, "lengths": [1024, 2048, 4096, 8192], )" +
                 passkey(R"(, "methods": ["plain"])"));
  sweep(asked, {.selection = {.lengths = {1024, 2048}}, .retry = false, .stop = {}, .report = {}});
  std::vector<SweepProgress> seen;
  sweep(asked,
        {.selection = {}, .retry = false, .stop = {}, .report = [&](const SweepProgress& progress) {
           seen.push_back(progress);
         }});
  EXPECT_NEAR(seen.front().flops_ahead, seen.back().flops, 0.1 * seen.back().flops);
}

TEST_F(RunnerAdaptation, SkipsLengthsBehindAFloorAndSaysWhy) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked = experiment(R"("skip_after": 2, "lengths": [1024, 2048, 4096, 8192, 16384], )" +
                                passkey(R"(, "methods": ["plain"])"));
  EXPECT_EQ(sweep(asked).skipped, 20);
  for (const Row& row : rows()) {
    EXPECT_EQ(row.status, row.length > 4096 ? Status::skipped : Status::ok);
    EXPECT_EQ(row.reason, row.length > 4096 ? "no hit at 2 lengths in a row up to 4096" : "");
  }
}

TEST_F(RunnerAdaptation, SkipsNothingBehindALengthThatIsHalfRun) {
  subject_.truth.recall = [](int64_t, double depth) { return depth > 0.5 ? 0.0 : 1.0; };
  const auto asked = experiment(R"("skip_after": 1, "lengths": [1024, 2048], )" +
                                passkey(R"(, "methods": ["plain"])"));
  sweep(asked, {.selection = {},
                .retry = false,
                .stop = [&] { return subject_.documents >= 2; },
                .report = {}});
  for (const Row& row : rows()) EXPECT_FALSE(row.retrieval->hit) << "the deepest come first";
  const SweepOptions longest{
      .selection = {.lengths = {2048}}, .retry = false, .stop = {}, .report = {}};
  EXPECT_EQ(sweep(asked, longest).skipped, 0);
}

TEST_F(RunnerAdaptation, AsksAControlWithoutANeedleAtEveryLength) {
  const auto asked =
      experiment(R"("skip_after": 1, "trials_after_failure": 1, "lengths": [1024, 2048, 4096], )" +
                 passkey(R"(, "absent": true, "methods": ["plain"])"));
  EXPECT_EQ(sweep(asked).skipped, 0);
  EXPECT_EQ(rows().size(), 30u);
  for (const Row& row : rows()) EXPECT_FALSE(row.retrieval->hit);
}

}  // namespace
}  // namespace sweep
