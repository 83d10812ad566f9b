// Tokens are priced by check, counted by the runner and computed by the scorer: these are one
// number. A static method computes a trunk once however many lengths read it, and any method what
// trials of one length begin with alike.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <map>

#include "harness/cli/llama_subject.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/group.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/run_directory.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/sentencepiece_model.h"
#include "tests/support/temporary_folder.h"

namespace cli {
namespace {

constexpr int64_t trials = 2;
constexpr int64_t lengths = 10;

class WorkSharing : public testing::Test {
 protected:
  WorkSharing() {
    const std::filesystem::path model = folder_.path() / "model";
    std::filesystem::create_directory(model);
    tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
    wanted.spec.vocabulary = 320;
    tests::write_random_checkpoint(wanted, model);
    std::ofstream(model / "tokenizer.model", std::ios::binary)
        << tests::sentencepiece_model({"\u2581"});
    std::ofstream(file()) << R"({"model": "model", "trained_length": 128, "methods": {
        "plain": [], "yarn": [{"type": "yarn", "factor": 8}],
        "dual_chunk": [{"type": "dual_chunk", "chunk": 96, "local": 16}],
        "dynamic_ntk": [{"type": "dynamic_ntk"}],
        "by-length": [{"type": "linear", "factor": "length/trained"}]},
      "lengths": [1024, 1088, 1152, 1216, 1280, 1344, 1408, 1472, 1536, 1600],
      "evals": [{"type": "passkey", "protocol": "landmark", "placement": "absolute", "trials": 2,
                 "depths": 2}]})";
  }
  std::filesystem::path file() const { return folder_.path() / "experiment.json"; }

  /// Trials of one length, as the papers ask them.
  sweep::Experiment per_length() const {
    return sweep::parse_experiment(
        R"({"model": "model", "trained_length": 128, "dtype": "bfloat16", "methods": {"plain": [],
            "self_extend": [{"type": "self_extend", "group": 16, "window": 600}],
            "dynamic_ntk": [{"type": "dynamic_ntk"}]}, "lengths": [2048],
            "evals": [{"type": "passkey", "protocol": "landmark", "trials": 8, "depths": 4}]})",
        file());
  }

  const tests::TemporaryFolder folder_;
};

struct Work {
  int64_t passes = 0;
  int64_t tokens = 0;
  int64_t once = 0;   ///< one trunk, and every length's own tokens
  int64_t apart = 0;  ///< every length's whole path
};

TEST_F(WorkSharing, IsTheSameInCheckInTheRunnerAndInTheScorer) {
  const sweep::Experiment experiment = sweep::read_experiment(file());
  const LlamaSubject subject(experiment);
  const sweep::Prepared prepared(experiment, subject);
  std::map<std::string, Work> works;
  for (const sweep::PreparedMethod& method : prepared.methods()) {
    Work& work = works[method.name];
    for (int64_t trial = 0; trial < trials; ++trial) {
      const auto group = sweep::retrieval_group(prepared, method, 0, 1024, {trial});
      work.passes += static_cast<int64_t>(group->passes().size());
      work.tokens += group->tokens();
      int64_t trunk = 0;
      int64_t scored = 0;
      for (const sweep::BranchShape& branch : prepared.branches(0, 1024, {trial})) {
        trunk = std::max(trunk, branch.fork);
        work.once += branch.tokens;
        work.apart += branch.path();
        scored += branch.scored;
      }
      work.once += trunk;
      // The scorer counts rows times layers. The last token of a path has no row, since nothing
      // follows it; the last layer has rows for scored tokens only.
      int64_t computed = 0;
      subject.under(method.chain)
          ->score(prepared.prompt(0, 1024, trial).document,
                  {.report = [&](int64_t done, int64_t, int64_t) { computed = done; },
                   .cancelled = {}});
      EXPECT_EQ(computed, (group->tokens() - lengths) * (subject.layers() - 1) + scored)
          << method.name;
    }
  }
  for (const char* name : {"plain", "yarn", "dual_chunk"}) {
    EXPECT_EQ(works[name].passes, trials) << name;
    EXPECT_EQ(works[name].tokens, works[name].once) << name;
  }
  for (const char* name : {"dynamic_ntk", "by-length"}) {
    EXPECT_EQ(works[name].passes, trials * lengths) << name;
    EXPECT_EQ(works[name].tokens, works[name].apart) << name;
  }
  EXPECT_LT(5 * works["plain"].tokens, works["dynamic_ntk"].tokens);

  CLI::App app;
  int status = 0;
  add_check(app, status);
  testing::internal::CaptureStdout();
  app.parse(fmt::format("check {} --json", file().string()));
  const base::Json printed = base::Json::parse(testing::internal::GetCapturedStdout());
  ASSERT_EQ(printed.at("prices").size(), works.size());
  for (const base::Json& price : printed.at("prices")) {
    const Work& work = works.at(price.at("method"));
    EXPECT_EQ(price.at("cells"), trials * lengths);
    EXPECT_EQ(price.at("forwards"), work.passes) << price;
    EXPECT_EQ(price.at("tokens"), work.tokens) << price;
  }
}

TEST_F(WorkSharing, LeavesTheRowsOfTrialsAsTheyAreOneByOne) {
  const sweep::Experiment experiment = per_length();
  const LlamaSubject subject(experiment);
  const sweep::Prepared prepared(experiment, subject);
  const auto storage = sweep::posix_storage();
  sweep::RunDirectory directory(folder_.path() / "run", *storage, to_json(experiment),
                                prepared.identity(), base::Json::object());
  for (const sweep::PreparedMethod& method : prepared.methods()) {
    const auto model = subject.under(method.chain);
    const auto group = sweep::retrieval_group(prepared, method, 0, 2048, {1, 2, 3, 6, 7});
    int64_t computed = 0;
    const std::vector<sweep::Row> together = group->run(
        *model, directory,
        {.report = [&](int64_t done, int64_t, int64_t) { computed = done; }, .cancelled = {}});
    ASSERT_EQ(group->passes().size(), 1u) << method.name;
    const sweep::Pass pass = group->passes().front();
    EXPECT_LT(pass.tokens, 4 * 2048);
    EXPECT_EQ(computed, (pass.tokens - 5) * (subject.layers() - 1) + pass.scored);
    for (const sweep::Row& row : together) {
      const auto one = sweep::retrieval_group(prepared, method, 0, 2048, {row.retrieval->trial});
      EXPECT_EQ(to_line(row), to_line(one->run(*model, directory, {}).front())) << method.name;
    }
  }
}

}  // namespace
}  // namespace cli
