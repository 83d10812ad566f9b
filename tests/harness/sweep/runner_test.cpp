#include "harness/sweep/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "harness/base/error.h"
#include "harness/sweep/npy.h"
#include "harness/sweep/price.h"
#include "tests/harness/sweep/oracle_sweep.h"

namespace sweep {
namespace {

using base::Json;

class RunnerTest : public OracleSweep {};

TEST_F(RunnerTest, AsksEveryMethodTheSamePromptsAtEveryLength) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto result = sweep(experiment(R"("lengths": [1024, 2048], )" + passkey("")));
  EXPECT_EQ(result.cells, 3 * 2 * 10);
  EXPECT_EQ(result.failed + result.skipped + result.diverged, 0);
  std::map<std::pair<int64_t, int64_t>, std::set<std::string>> prompts;
  for (const Row& row : rows()) {
    EXPECT_EQ(row.retrieval->hit, row.length == 1024) << to_line(row);
    EXPECT_FALSE(row.plan.empty());
    prompts[{row.length, row.retrieval->trial}].insert(row.retrieval->prompt_sha256);
  }
  ASSERT_EQ(prompts.size(), 20u);
  for (const auto& [trial, hashes] : prompts) EXPECT_EQ(hashes.size(), 1u);
}

TEST_F(RunnerTest, RunsNothingTwice) {
  const auto asked = experiment(R"("lengths": [1024], )" + passkey(""));
  sweep(asked);
  const int64_t documents = subject_.documents;
  EXPECT_EQ(sweep(asked).cells, 0);
  EXPECT_EQ(subject_.documents, documents);
}

TEST_F(RunnerTest, StopsAtAGroupAndGoesOnFromThere) {
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  sweep(asked, {}, "whole");
  int64_t polls = 0;
  const auto stopped = sweep(
      asked, {.selection = {}, .retry = false, .stop = [&] { return ++polls > 25; }, .report = {}});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_GT(stopped.cells, 0);
  EXPECT_LT(stopped.cells, 60);
  EXPECT_EQ(sweep(asked).cells, 60 - stopped.cells);
  ASSERT_EQ(rows().size(), rows("whole").size());
  for (size_t i = 0; i < rows().size(); ++i)
    EXPECT_EQ(to_line(rows()[i]), to_line(rows("whole")[i]));
}

TEST_F(RunnerTest, OutOfMemoryIsARowAndTheSweepGoesOn) {
  subject_.before = [](const evals::Document& document) {
    int64_t longest = static_cast<int64_t>(document.trunk.size());
    for (const evals::Branch& branch : document.branches) {
      longest = std::max(longest, branch.length());
    }
    if (longest > 1500) throw std::bad_alloc();
  };
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  EXPECT_EQ(sweep(asked).failed, 30);
  for (const Row& row : rows()) {
    EXPECT_EQ(row.status, row.length == 2048 ? Status::out_of_memory : Status::ok);
  }
  const auto again = sweep(asked);
  EXPECT_EQ(again.cells, 0) << "a row is a row";
  EXPECT_EQ(again.failed_before, 30) << "and is not forgotten";
  subject_.before = {};
  EXPECT_EQ(sweep(asked, {.selection = {}, .retry = true, .stop = {}, .report = {}}).cells, 30);
  for (const Row& row : rows()) EXPECT_EQ(row.status, Status::ok);
}

TEST_F(RunnerTest, AModelThatThrowsGivesAFailedRowWithItsReason) {
  subject_.before = [](const evals::Document&) { throw std::runtime_error("no luck"); };
  EXPECT_EQ(sweep(experiment(R"("lengths": [1024], )" + passkey(""))).failed, 30);
  EXPECT_EQ(rows().front().status, Status::failed);
  EXPECT_EQ(rows().front().reason, "no luck");
}

TEST_F(RunnerTest, ScoresThatAreNotFiniteDiverge) {
  subject_.truth.nll = [](int64_t) { return std::nan(""); };
  const auto result = sweep(experiment(R"("lengths": [1024], "evals": [{"type": "perplexity",
      "protocol": "fixed-target", "targets": 128, "corpus": ["book.txt"]}])"));
  EXPECT_EQ(result.diverged, 3);
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(rows().front().status, Status::diverged);
}

TEST_F(RunnerTest, AGroupThatKilledItsProcessTwiceIsGivenUp) {
  const auto asked = experiment(R"("lengths": [1024], )" + passkey(""));
  const Prepared prepared(asked, subject_);
  const auto doomed = retrieval_group(prepared, prepared.methods().front(), 0, 1024, {0});
  for (int64_t death = 0; death < 2; ++death) {
    RunDirectory directory(folder_ / "run", *storage_, to_json(asked), prepared.identity(), Json());
    directory.begin(doomed->id());
  }
  EXPECT_EQ(sweep(asked).failed, 1);
  for (const Row& row : rows()) {
    EXPECT_EQ(row.status == Status::failed, row.cell == doomed->cells().front().cell);
  }
}

TEST_F(RunnerTest, TrialsThatBeginAlikeAreAskedTogetherOrWhereMemoryEndsOneByOne) {
  subject_.truth.recall = [](int64_t, double depth) { return depth < 0.5 ? 1.0 : 0.3; };
  const auto asked = experiment(R"("lengths": [4096], )" + passkey(R"(, "methods": ["plain"])"));
  sweep(asked, {}, "together");
  EXPECT_LT(subject_.documents, 7) << "of 10 trials";
  EXPECT_LT(subject_.tokens, 0.8 * 10 * 4096);
  subject_.documents = 0;
  subject_.before = [](const evals::Document& document) {
    if (!document.branches.empty()) throw std::bad_alloc();
  };
  EXPECT_EQ(sweep(asked).failed, 0);
  EXPECT_EQ(subject_.documents, 10) << "those that did not fit are not counted";
  ASSERT_EQ(rows().size(), rows("together").size());
  for (size_t i = 0; i < rows().size(); ++i) {
    EXPECT_EQ(to_line(rows()[i]), to_line(rows("together")[i]));
  }
}

TEST_F(RunnerTest, AsksOnlyTrialsWithoutARowAndLosesNoAnswer) {
  const auto asked = experiment(R"("lengths": [4096], )" + passkey(R"(, "methods": ["plain"])"));
  const Prepared prepared(asked, subject_);
  const PreparedMethod& plain = prepared.method("plain");
  const auto model = subject_.under(plain.chain);
  {
    RunDirectory directory(folder_ / "run", *storage_, to_json(asked), prepared.identity(), Json());
    for (const int64_t trial : {4, 9}) {
      const auto one = retrieval_group(prepared, plain, 0, 4096, {trial});
      directory.finish(one->id(), one->run(*model, directory, {}), 1, 1);
    }
    directory.commit();
  }
  subject_.before = [](const evals::Document&) { throw std::bad_alloc(); };
  EXPECT_EQ(sweep(asked).failed, 8);
  for (const Row& row : rows()) {
    const bool was_asked_before = row.retrieval->trial == 4 || row.retrieval->trial == 9;
    EXPECT_EQ(row.status, was_asked_before ? Status::ok : Status::out_of_memory);
  }
  EXPECT_EQ(sweep(asked).cells, 0) << "a row is a row";
  subject_.before = {};
  EXPECT_EQ(sweep(asked, {.selection = {}, .retry = true, .stop = {}, .report = {}}).cells, 8);
  for (const Row& row : rows()) EXPECT_EQ(row.status, Status::ok);
}

TEST_F(RunnerTest, TrialsInWhichAProcessDiedAreAskedOneByOne) {
  const auto asked = experiment(R"("lengths": [4096], )" + passkey(""));
  const Prepared prepared(asked, subject_);
  RunDirectory(folder_ / "run", *storage_, to_json(asked), prepared.identity(), Json());
  const Rows none;
  Schedule(prepared, {})
      .run([&]() -> const Rows& { return none; },
           [&](const Turn& turn) {
             RunDirectory directory(folder_ / "run", *storage_, to_json(asked), prepared.identity(),
                                    Json());
             directory.begin(turn.group.id());  // and dies without a word
             return true;
           });
  EXPECT_EQ(sweep(asked).cells, 30);
  EXPECT_EQ(subject_.documents, 30);
  for (const Row& row : rows()) EXPECT_EQ(row.status, Status::ok);
}

TEST_F(RunnerTest, KeepsWhatWasAskedOneByOneWhenItStops) {
  const auto asked = experiment(R"("lengths": [4096], )" + passkey(R"(, "methods": ["plain"])"));
  subject_.before = [](const evals::Document& document) {
    if (!document.branches.empty()) throw std::bad_alloc();
  };
  const auto stopped = sweep(asked, {.selection = {},
                                     .retry = false,
                                     .stop = [&] { return subject_.documents >= 3; },
                                     .report = {}});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.cells, 2);
  EXPECT_EQ(rows().size(), 2u);
  EXPECT_EQ(sweep(asked).cells, 8);
  EXPECT_EQ(subject_.documents, 11) << "the third was cut off";
}

TEST_F(RunnerTest, FewerTrialsBehindALengthThatFailed) {
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

/// What a progress line counts: the total is that of check from the first line to the last.
TEST_F(RunnerTest, CountsTowardsOneTotalWhateverIsSparedOrDoneBefore) {
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

TEST_F(RunnerTest, ExpectsNoWorkBehindLengthsThatFailedInEarlierRuns) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked =
      experiment(R"("trials_after_failure": 5, "lengths": [1024, 2048, 4096, 8192], )" +
                 passkey(R"(, "methods": ["plain"])"));
  sweep(asked, {.selection = {{}, {1024, 2048}, 0, 1}, .retry = false, .stop = {}, .report = {}});
  std::vector<SweepProgress> seen;
  sweep(asked,
        {.selection = {}, .retry = false, .stop = {}, .report = [&](const SweepProgress& progress) {
           seen.push_back(progress);
         }});
  EXPECT_NEAR(seen.front().flops_ahead, seen.back().flops, 0.1 * seen.back().flops);
}

TEST_F(RunnerTest, SkipsLengthsBehindAFloorAndSaysWhy) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const auto asked = experiment(R"("skip_after": 2, "lengths": [1024, 2048, 4096, 8192, 16384], )" +
                                passkey(R"(, "methods": ["plain"])"));
  EXPECT_EQ(sweep(asked).skipped, 20);
  for (const Row& row : rows()) {
    EXPECT_EQ(row.status, row.length > 4096 ? Status::skipped : Status::ok);
    EXPECT_EQ(row.reason, row.length > 4096 ? "no hit at 2 lengths in a row up to 4096" : "");
  }
}

TEST_F(RunnerTest, SkipsNothingBehindALengthThatIsHalfRun) {
  subject_.truth.recall = [](int64_t, double depth) { return depth > 0.5 ? 0.0 : 1.0; };
  const auto asked = experiment(R"("skip_after": 1, "lengths": [1024, 2048], )" +
                                passkey(R"(, "methods": ["plain"])"));
  sweep(asked, {.selection = {},
                .retry = false,
                .stop = [&] { return subject_.documents >= 2; },
                .report = {}});
  for (const Row& row : rows()) EXPECT_FALSE(row.retrieval->hit) << "the deepest come first";
  const SweepOptions longest{
      .selection = {{}, {2048}, 0, 1}, .retry = false, .stop = {}, .report = {}};
  EXPECT_EQ(sweep(asked, longest).skipped, 0);
}

TEST_F(RunnerTest, AsksAControlWithoutANeedleAtEveryLength) {
  const auto asked =
      experiment(R"("skip_after": 1, "trials_after_failure": 1, "lengths": [1024, 2048, 4096], )" +
                 passkey(R"(, "absent": true, "methods": ["plain"])"));
  EXPECT_EQ(sweep(asked).skipped, 0);
  EXPECT_EQ(rows().size(), 30u);
  for (const Row& row : rows()) EXPECT_FALSE(row.retrieval->hit);
}

TEST_F(RunnerTest, ShardsShareTheWorkAndOverlapNowhere) {
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  sweep(asked, {}, "whole");
  std::set<std::string> cells;
  for (int64_t shard = 0; shard < 3; ++shard) {
    const std::string out = "shard" + std::to_string(shard);
    sweep(asked, {.selection = {{}, {}, shard, 3}, .retry = false, .stop = {}, .report = {}}, out);
    EXPECT_EQ(rows(out).size(), 20u);
    for (const Row& row : rows(out)) EXPECT_TRUE(cells.insert(row.cell).second);
  }
  for (const Row& row : rows("whole")) EXPECT_TRUE(cells.count(row.cell));
}

TEST_F(RunnerTest, OnlyRunsWhatIsAskedForAndRefusesUnknownNames) {
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  const SweepOptions one{
      .selection = {{"linear"}, {2048}, 0, 1}, .retry = false, .stop = {}, .report = {}};
  EXPECT_EQ(sweep(asked, one).cells, 10);
  const auto one_trunk =
      experiment(R"("lengths": [1024, 2048], )" + passkey(R"(, "placement": "absolute")"));
  EXPECT_EQ(sweep(one_trunk, one, "absolute").cells, 20) << "both lengths of every trial";
  const SweepOptions none{
      .selection = {{"lineal"}, {4096}, 0, 1}, .retry = false, .stop = {}, .report = {}};
  try {
    sweep(asked, none);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(),
                 "--only: no eval has length 4096\n"
                 "--only: no method is named lineal; known: dynamic, linear, plain");
  }
}

TEST_F(RunnerTest, OneTrunkServesAllLengthsOfAStaticMethodOnly) {
  const auto asked = experiment(R"("lengths": [1024, 2048, 4096, 8192], "evals": [
      {"type": "passkey", "protocol": "landmark", "placement": "absolute", "trials": 5, "depths": 5}])");
  const Prepared prepared(asked, subject_);
  std::map<std::string, int64_t> tokens;
  for (const Price& price : sweep::price(prepared, {1, 1})) tokens[price.method] += price.tokens;
  EXPECT_LT(tokens["plain"], 5 * (8192 + 4 * 200));
  EXPECT_EQ(tokens["plain"], tokens["linear"]);
  EXPECT_GT(tokens["dynamic"], 5 * (1024 + 2048 + 4096 + 8192 - 4 * 20));
  EXPECT_EQ(sweep(asked).cells, 3 * 5 * 4);
}

TEST_F(RunnerTest, TruncatedPerplexityReadsAllLengthsFromOneForward) {
  subject_.truth.nll = [](int64_t position) { return 1.0 + static_cast<double>(position) / 1000; };
  const auto result = sweep(experiment(R"("lengths": [512, 1024, 2048], "evals": [
      {"type": "perplexity", "protocol": "truncated", "corpus": ["book.txt"],
       "methods": ["plain", "dynamic"]}])"));
  EXPECT_EQ(result.cells, 6);
  EXPECT_EQ(subject_.documents, 1 + 3) << "plain once; dynamic once per length";
  for (const Row& row : rows()) {
    double sum = 0;
    for (int64_t position = 1; position < row.length; ++position) {
      sum += 1.0 + static_cast<double>(position) / 1000;
    }
    EXPECT_NEAR(row.perplexity->nll, sum / static_cast<double>(row.length - 1), 1e-4)
        << to_line(row);
  }
}

TEST_F(RunnerTest, CountsTheBytesOfScoredTokensAloneAndAsOftenAsTheyAreScored) {
  sweep(experiment(R"("lengths": [512], "evals": [
      {"type": "perplexity", "protocol": "half-chunk", "corpus": ["book.txt"], "methods": ["plain"]},
      {"type": "perplexity", "protocol": "full-window", "stride": 256, "corpus": ["book.txt"],
       "methods": ["plain"]}])"));
  ASSERT_EQ(rows().size(), 2u);
  for (const Row& row : rows()) {
    int64_t scored = 0;
    for (const Forward& forward : row.perplexity->forwards) scored += forward.window.scored.size();
    EXPECT_GT(row.perplexity->forwards.size(), 10u);
    EXPECT_EQ(row.perplexity->bytes, scored) << row.protocol << ": a token is a byte here";
  }
}

TEST_F(RunnerTest, ADocumentThatIsTooShortIsSkippedWithTheReason) {
  const auto result = sweep(experiment(R"("lengths": [1024, 100000], "evals": [
      {"type": "perplexity", "protocol": "fixed-target", "targets": 128, "corpus": ["book.txt"],
       "methods": ["plain"]}])"));
  EXPECT_EQ(result.skipped, 1);
  for (const Row& row : rows()) {
    if (row.length == 1024) continue;
    EXPECT_EQ(row.status, Status::skipped);
    EXPECT_THAT(row.reason, testing::StartsWith("book.txt: "));
  }
}

}  // namespace
}  // namespace sweep
