#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "harness/sweep/runner.h"
#include "tests/harness/sweep/full_disk.h"
#include "tests/harness/sweep/oracle_sweep.h"

// What a cell ends as when it cannot be answered, and that the sweep goes on.
namespace sweep {
namespace {

using base::Json;

class RunnerFailures : public OracleSweep {};

TEST_F(RunnerFailures, OutOfMemoryIsARowAndTheSweepGoesOn) {
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

TEST_F(RunnerFailures, ACellOfTwoMethodsFailsOnceAStart) {
  const auto asked = parse_experiment(R"({"model": "model", "trained_length": 512,
      "methods": {"plain": [], "also_plain": []}, "lengths": [1024], )" +
                                          passkey("") + "}",
                                      folder_ / "experiment.json");
  subject_.before = [](const evals::Document&) { throw std::bad_alloc(); };
  for (const bool retry : {false, true}) {
    int64_t all_cells = 0;
    const auto result =
        sweep(asked, {.selection = {}, .retry = retry, .stop = {}, .report = [&](const auto& now) {
                        all_cells = now.all_cells;
                      }});
    EXPECT_EQ(result.cells, 10);
    EXPECT_EQ(result.failed, 10);
    EXPECT_EQ(result.failed_before, 0);
    EXPECT_EQ(all_cells, 10);
  }
}

TEST_F(RunnerFailures, AModelThatThrowsGivesAFailedRowWithItsReason) {
  subject_.before = [](const evals::Document&) { throw std::runtime_error("no luck"); };
  EXPECT_EQ(sweep(experiment(R"("lengths": [1024], )" + passkey(""))).failed, 30);
  EXPECT_EQ(rows().front().status, Status::failed);
  EXPECT_EQ(rows().front().reason, "no luck");
}

/// An oracle that offers two states of 8 bytes before it answers a document.
class OfferingSubject : public OracleSubject {
 public:
  std::unique_ptr<evals::LanguageModel> under(const scalings::Chain& chain) const override {
    return std::make_unique<Offering>(OracleSubject::under(chain));
  }

 private:
  class Offering : public evals::LanguageModel {
   public:
    explicit Offering(std::unique_ptr<evals::LanguageModel> oracle) : oracle_(std::move(oracle)) {}
    evals::Scores score(const evals::Document& document, const evals::Progress& progress) override {
      const std::vector<std::byte> state(8);
      for (const int64_t step : {1, 2}) progress.snapshots->offer("pass", step, state);
      return oracle_->score(document, progress);
    }

   private:
    const std::unique_ptr<evals::LanguageModel> oracle_;
  };
};

TEST_F(RunnerFailures, StatesThatCannotBeSavedAreToldOnceAndCostNoCell) {
  const OfferingSubject subject;
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  const Prepared prepared(asked, subject);
  FullDisk disk;
  RunDirectory directory(folder_ / "run", disk, to_json(asked), prepared.identity(), Json());
  std::vector<std::string> warnings;
  const SweepResult result =
      run_sweep(prepared, directory,
                {.selection = {},
                 .retry = false,
                 .snapshot_pause = std::chrono::seconds(0),
                 .stop = {},
                 .report = {},
                 .warn = [&](const std::string& warning) { warnings.push_back(warning); }});
  EXPECT_EQ(result.cells, 3 * 2 * 10);
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(disk.refusals, 2 * subject.documents);
  EXPECT_GT(subject.documents, 1);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings.front(),
              testing::HasSubstr(": a state of 8 bytes is not saved: cannot write: no room; "));
}

TEST_F(RunnerFailures, ScoresThatAreNotFiniteDiverge) {
  subject_.truth.nll = [](int64_t) { return std::nan(""); };
  const auto result = sweep(experiment(R"("lengths": [1024], "evals": [{"type": "perplexity",
      "protocol": "fixed-target", "targets": 128, "corpus": ["book.txt"]}])"));
  EXPECT_EQ(result.diverged, 3);
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(rows().front().status, Status::diverged);
}

TEST_F(RunnerFailures, AGroupThatKilledItsProcessTwiceIsGivenUp) {
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

TEST_F(RunnerFailures, TrialsThatBeginAlikeAreAskedTogetherOrWhereMemoryEndsOneByOne) {
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

TEST_F(RunnerFailures, TrialsInWhichAProcessDiedAreAskedOneByOne) {
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

TEST_F(RunnerFailures, KeepsWhatWasAskedOneByOneWhenItStops) {
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

TEST_F(RunnerFailures, ACellWhoseScoresWereRemovedIsAskedAgain) {
  const auto asked = experiment(R"("lengths": [1024], "evals": [{"type": "perplexity",
      "protocol": "fixed-target", "targets": 128, "corpus": ["book.txt"]}])");
  EXPECT_EQ(sweep(asked).cells, 3);
  const std::string file = rows().front().perplexity->forwards.front().nll_file;
  std::filesystem::remove(folder_ / "run" / file);
  EXPECT_EQ(standing_rows(folder_ / "run").size(), 2u) << "as a dry run counts";
  EXPECT_EQ(sweep(asked).cells, 1);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / file));
  EXPECT_EQ(rows().size(), 3u);
}

TEST_F(RunnerFailures, ADocumentThatIsTooShortIsSkippedWithTheReason) {
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
