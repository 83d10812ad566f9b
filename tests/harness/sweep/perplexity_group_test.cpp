#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/group.h"
#include "tests/harness/sweep/oracle_sweep.h"

// How far a group of several forwards says that it is, and which tokens its timing counts.
namespace sweep {
namespace {

using testing::ElementsAre;

/// A text of 1,100 tokens. At 512 with a stride of 256 press has windows of 512, 512, 512 and 332
/// tokens: 1,868 in all, of which the first two have 1,024.
class PerplexityGroupTest : public OracleSweep {
 protected:
  /// Tokens done, of all, and of those done what was saved before.
  using Report = std::array<int64_t, 3>;

  PerplexityGroupTest() {
    std::string text;
    for (int64_t i = 0; i < 100; ++i) text += fmt::format("Line {} of a text.\n", i);
    write(text.substr(0, 1100));
  }

  void write(const std::string& text) { base::write_file_atomically(folder_ / "short.txt", text); }

  Experiment asks(const std::string& lengths, const std::vector<std::string>& protocols) {
    std::string evals;
    for (const std::string& protocol : protocols) {
      evals += fmt::format(R"({}{{"type": "perplexity", "corpus": ["short.txt"],
                                  "methods": ["plain", "dynamic"], "protocol": {}}})",
                           evals.empty() ? "" : ", ", protocol);
    }
    return experiment(fmt::format(R"("lengths": {}, "evals": [{}])", lengths, evals));
  }

  /// What the group of the first eval reports, without repetitions.
  std::vector<Report> reports(const Experiment& asked, const std::string& method,
                              evals::LanguageModel& model,
                              const std::function<bool()>& cancelled = {}) {
    const Prepared prepared(asked, subject_);
    RunDirectory directory(folder_ / "run", *storage_, to_json(asked), prepared.identity(),
                           base::Json::object());
    const auto group =
        perplexity_group(prepared, prepared.method(method), 0, asked.evals.front().lengths, 0);
    std::vector<Report> found;
    group->run(model, directory,
               {.report =
                    [&](int64_t done, int64_t total, int64_t restored) {
                      EXPECT_EQ(total, group->tokens());
                      found.push_back({done, total, restored});
                    },
                .cancelled = cancelled,
                .snapshots = nullptr});
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  /// Tokens of every group, in the order in which they ended.
  std::vector<int64_t> timed_tokens() {
    std::ifstream file(folder_ / "run" / "timings.jsonl");
    std::vector<int64_t> tokens;
    for (std::string line; std::getline(file, line);) {
      tokens.push_back(base::Json::parse(line).at("tokens"));
    }
    return tokens;
  }

  const std::string press_ = R"("press", "stride": 256)";
  const std::string window_mean_ = R"("window-mean", "stride": 256)";
  evals::OracleModel oracle_{{}};
};

TEST_F(PerplexityGroupTest, ReportsItsForwardsAsOneComputationInTokensOfTheirPaths) {
  EXPECT_THAT(reports(asks("[512]", {press_}), "plain", oracle_),
              ElementsAre(Report{0, 1868, 0}, Report{512, 1868, 0}, Report{1024, 1868, 0},
                          Report{1536, 1868, 0}, Report{1868, 1868, 0}));
}

TEST_F(PerplexityGroupTest, ReportsAForwardThatSeveralLengthsReadOnce) {
  const Experiment asked = asks("[512, 1024]", {R"("truncated")"});
  EXPECT_THAT(reports(asked, "plain", oracle_),
              ElementsAre(Report{0, 1024, 0}, Report{1024, 1024, 0}));
  EXPECT_THAT(reports(asked, "dynamic", oracle_),
              ElementsAre(Report{0, 1536, 0}, Report{1024, 1536, 0}, Report{1536, 1536, 0}));
}

TEST_F(PerplexityGroupTest, ReportsForwardsThatAreStoredAsRestored) {
  const Experiment asked = asks("[512]", {press_});
  int64_t polls = 0;
  const auto in_the_third = [&] { return ++polls > 4; };  // a forward polls at its two ends
  EXPECT_THROW(reports(asked, "plain", oracle_, in_the_third), base::Error);
  EXPECT_THAT(reports(asked, "plain", oracle_),
              ElementsAre(Report{512, 1868, 512}, Report{1024, 1868, 1024},
                          Report{1536, 1868, 1024}, Report{1868, 1868, 1024}));
}

TEST_F(PerplexityGroupTest, ReportsAForwardEqualToOneBeforeAsRestored) {
  write(std::string(1100, '.'));
  EXPECT_THAT(reports(asks("[512]", {press_}), "plain", oracle_),
              ElementsAre(Report{0, 1868, 0}, Report{512, 1868, 0}, Report{1024, 1868, 0},
                          Report{1536, 1868, 512}, Report{1868, 1868, 512}));
}

/// Goes on with its first document where a quarter of it is done.
class QuarterSaved : public evals::LanguageModel {
 public:
  evals::Scores score(const evals::Document& document, const evals::Progress& progress) override {
    if (saved_ > 0) progress.report(saved_, 200, saved_);
    progress.report(200, 200, saved_);
    saved_ = 0;
    return evals::OracleModel({}).score(document, {});
  }

 private:
  int64_t saved_ = 50;
};

TEST_F(PerplexityGroupTest, KeepsCountOfWhatASnapshotSavedInAForwardBefore) {
  QuarterSaved model;
  EXPECT_THAT(reports(asks("[512]", {press_}), "plain", model),
              ElementsAre(Report{128, 1868, 128}, Report{512, 1868, 128}, Report{1024, 1868, 128},
                          Report{1536, 1868, 128}, Report{1868, 1868, 128}));
}

TEST_F(PerplexityGroupTest, TimesOnlyTheForwardsThatWereRunAfterAStop) {
  const Experiment asked = asks("[512]", {press_});
  const Selection plain{.methods = {"plain"}};
  const SweepResult stopped = sweep(asked, {.selection = plain,
                                            .retry = false,
                                            .stop = [&] { return subject_.documents > 2; },
                                            .report = {}});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_THAT(timed_tokens(), ElementsAre()) << "the group has not ended";
  SweepProgress last;
  sweep(asked, {.selection = plain, .retry = false, .stop = {}, .report = [&](const auto& seen) {
                  last = seen;
                }});
  EXPECT_THAT(timed_tokens(), ElementsAre(1868 - 1024));
  EXPECT_EQ(last.tokens, 1868 - 1024);
}

TEST_F(PerplexityGroupTest, TimesNoForwardThatAnotherProtocolHasStored) {
  const Selection plain{.methods = {"plain"}};
  sweep(asks("[512]", {press_, window_mean_}),
        {.selection = plain, .retry = false, .stop = {}, .report = {}});
  EXPECT_THAT(timed_tokens(), ElementsAre(1868, 0));
}

}  // namespace
}  // namespace sweep
