#include "harness/sweep/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "harness/base/error.h"
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

TEST_F(RunnerTest, ShardsShareTheWorkAndOverlapNowhere) {
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  sweep(asked, {}, "whole");
  std::set<std::string> cells;
  for (int64_t shard = 0; shard < 3; ++shard) {
    const std::string out = "shard" + std::to_string(shard);
    sweep(asked,
          {.selection = {.shard = shard, .shards = 3}, .retry = false, .stop = {}, .report = {}},
          out);
    EXPECT_EQ(rows(out).size(), 20u);
    for (const Row& row : rows(out)) EXPECT_TRUE(cells.insert(row.cell).second);
  }
  for (const Row& row : rows("whole")) EXPECT_TRUE(cells.count(row.cell));
}

TEST_F(RunnerTest, OnlyRunsWhatIsAskedForAndRefusesUnknownNames) {
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + passkey(""));
  const SweepOptions one{.selection = {.methods = {"linear"}, .lengths = {2048}},
                         .retry = false,
                         .stop = {},
                         .report = {}};
  EXPECT_EQ(sweep(asked, one).cells, 10);
  const auto one_trunk =
      experiment(R"("lengths": [1024, 2048], )" + passkey(R"(, "placement": "absolute")"));
  EXPECT_EQ(sweep(one_trunk, one, "absolute").cells, 20) << "both lengths of every trial";
  const SweepOptions none{
      .selection = {.methods = {"lineal"}, .lengths = {4096}, .protocols = {"passkey/land"}},
      .retry = false,
      .stop = {},
      .report = {}};
  try {
    sweep(asked, none);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_STREQ(
        error.what(),
        "--only: no eval has length 4096\n"
        "--only: no method is named lineal; known: dynamic, linear, plain\n"
        "--only: no eval has protocol passkey/land; known: passkey/landmark/1/forced/per-length");
  }
}

TEST_F(RunnerTest, OnlyRunsTheProtocolsThatBeginAsAskedFor) {
  const auto asked = experiment(R"("lengths": [1024], "trials_after_failure": 5, "evals": [
      {"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 5},
      {"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 5, "absent": true},
      {"type": "perplexity", "protocol": "truncated", "corpus": ["book.txt"]}])");
  const auto ran = [&](std::vector<std::string> protocols) {
    const Selection selection{.methods = {"plain"}, .protocols = std::move(protocols)};
    return sweep(asked, {.selection = selection, .retry = false, .stop = {}, .report = {}}).cells;
  };
  EXPECT_EQ(ran({"ppl"}), 1);
  EXPECT_EQ(ran({"passkey/landmark/1/forced/per-length/absent"}), 10);
  EXPECT_EQ(ran({"passkey/landmark", "ppl"}), 10) << "what is missing of both";
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

}  // namespace
}  // namespace sweep
