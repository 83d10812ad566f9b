#include "harness/sweep/price.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "harness/sweep/runner.h"
#include "tests/harness/sweep/oracle_subject.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

/// Plain RoPE asked 20 times at each of three lengths.
class PriceTest : public testing::Test {
 protected:
  PriceTest() { base::write_file_atomically(folder_.path() / "model", "stands for a checkpoint"); }

  Experiment experiment(const std::string& rules, const std::string& eval = landmark("20")) {
    return parse_experiment(
        R"({"model": "model", "trained_length": 512, "methods": {"plain": []},
            "lengths": [1024, 2048, 4096], "evals": [)" +
            eval + "]" + rules + "}",
        folder_.path() / "experiment.json");
  }

  static std::string landmark(const std::string& trials) {
    return R"({"type": "passkey", "protocol": "landmark", "depths": 10, "trials": )" + trials + "}";
  }

  /// A window of 256 tokens, on some of the two layers, asked like the key-value lists below.
  Price windowed(const std::string& layers) {
    const Experiment asked = parse_experiment(
        R"({"model": "model", "trained_length": 512, "lengths": [1024], "baseline": "window",
            "methods": {"window": [{"type": "apply_to_layers", "layers": )" +
            layers + R"(, "methods": [{"type": "sliding_window", "window": 256}]}]},
            "evals": [{"type": "kv", "protocol": "json", "trials": 20}]})",
        folder_.path() / "experiment.json");
    return prices(asked).front();
  }

  /// Shortest length first.
  std::vector<Price> prices(const Experiment& experiment) {
    return price(Prepared(experiment, subject_), {1e6, 1e6});
  }

  SweepResult sweep(const Experiment& experiment) {
    const Prepared prepared(experiment, subject_);
    RunDirectory directory(folder_.path() / "run", *storage_, to_json(experiment),
                           prepared.identity(), base::Json::object());
    return run_sweep(prepared, directory, {});
  }

  const tests::TemporaryFolder folder_;
  const std::unique_ptr<Storage> storage_ = posix_storage();
  OracleSubject subject_;
};

TEST_F(PriceTest, IsGivenLengthByLength) {
  const auto found = prices(experiment(""));
  ASSERT_EQ(found.size(), 3u);
  const int64_t lengths[] = {1024, 2048, 4096};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found[i].length, lengths[i]);
    EXPECT_EQ(found[i].cells, 20);
    EXPECT_EQ(found[i].least_flops, found[i].flops) << "nothing is left out";
    EXPECT_EQ(found[i].least_seconds, found[i].seconds);
  }
  EXPECT_GT(found[1].flops, 2 * found[0].flops);
}

TEST_F(PriceTest, MethodsWithEqualChainsArePaidForOnce) {
  const Experiment twins = parse_experiment(
      R"({"model": "model", "trained_length": 512, "methods": {"plain": [], "again": []},
          "lengths": [1024, 2048, 4096], "evals": [)" +
          landmark("20") + "]}",
      folder_.path() / "experiment.json");
  const auto alone = prices(experiment(""));
  const auto found = prices(twins);
  ASSERT_EQ(found.size(), 6u);
  Price sum;
  for (const Price& price : found) sum += price;
  EXPECT_EQ(sum.cells, 60);
  EXPECT_DOUBLE_EQ(sum.flops, alone[0].flops + alone[1].flops + alone[2].flops);
  EXPECT_DOUBLE_EQ(sum.least_flops, sum.flops);
}

TEST_F(PriceTest, CountsOfTheLastLayerOnlyWhatTheHeadReads) {
  const Experiment asked = experiment("", R"({"type": "kv", "protocol": "json", "trials": 20})");
  const Price found = prices(asked).front();
  const auto prompt = Prepared(asked, subject_).prompt(0, 1024, 0);
  const double tokens = static_cast<double>(prompt.questions.front().path);
  const double read = 8;  // what a question is reckoned with
  const double linear = 60 * (tokens - read) + (100 + 10) * read;
  const double pairs = tokens * (tokens + 1) / 2;
  const double unread_pairs = (tokens - read) * (tokens - read + 1) / 2;
  EXPECT_DOUBLE_EQ(found.flops, 20 * (linear + 2 * pairs - unread_pairs));
}

TEST_F(PriceTest, CountsEveryLayerUnderItsOwnPlan) {
  const Experiment asked = experiment("", R"({"type": "kv", "protocol": "json", "trials": 20})");
  const double tokens =
      static_cast<double>(Prepared(asked, subject_).prompt(0, 1024, 0).questions.front().path);
  const double read = 8;
  const double linear = 60 * (tokens - read) + (100 + 10) * read;
  const double all = tokens * (tokens + 1) / 2;
  const double all_read = all - (tokens - read) * (tokens - read + 1) / 2;
  const double near = 256 * 257 / 2 + (tokens - 256) * 256;
  const double near_read = read * 256;

  const Price plain = prices(asked).front();
  EXPECT_EQ(plain.flops, 20 * (linear + all + all_read));
  EXPECT_EQ(plain.reach, tokens - 1);
  const Price below = windowed("[0]");
  EXPECT_EQ(below.flops, 20 * (linear + near + all_read)) << "the last layer answers what is read";
  EXPECT_EQ(below.reach, tokens - 1) << "in the layer without a window";
  const Price above = windowed("[1]");
  EXPECT_EQ(above.flops, 20 * (linear + all + near_read));
  EXPECT_EQ(above.reach, tokens - 1);
  const Price both = windowed("[0, 1]");
  EXPECT_EQ(both.flops, 20 * (linear + near + near_read));
  EXPECT_EQ(both.reach, 255);
}

TEST_F(PriceTest, CountsOnceWhatTrialsBeginWithAlike) {
  const Experiment asked = experiment("");
  const Prepared prepared(asked, subject_);
  const std::vector<int64_t> trials = {8, 9, 18, 19};
  const auto group = retrieval_group(prepared, prepared.methods().front(), 0, 4096, trials);
  const auto up_to = [](int64_t tokens) {
    return 0.5 * static_cast<double>(tokens * (tokens + 1));
  };
  int64_t trunk = 0;
  double pairs = 0;
  double linear = 0;
  for (const BranchShape& branch : prepared.branches(0, 4096, trials)) {
    EXPECT_GE(branch.fork, 4096 / 2) << "needles lie in the last two tenths, from a block on";
    trunk = std::max(trunk, branch.fork);
    const int64_t unread = branch.path() - branch.scored;
    pairs += 2 * up_to(branch.path()) - up_to(branch.fork) - up_to(unread);
    linear += 60 * static_cast<double>(branch.tokens - branch.scored) +
              (100 + 10) * static_cast<double>(branch.scored);
  }
  pairs += up_to(trunk);
  linear += 60 * static_cast<double>(trunk);
  EXPECT_DOUBLE_EQ(Pricer(prepared).flops(prepared.methods().front(), *group), linear + pairs);
}

TEST_F(PriceTest, IsAtLeastWhatASweepCostsInWhichNoAnswerIsRight) {
  const auto asked = experiment(R"(, "trials_after_failure": 10, "skip_after": 2)");
  subject_.truth.recall = [](int64_t, double) { return 0.0; };
  EXPECT_EQ(sweep(asked).cells, 20 + 10 + 10) << "the last 10 are skipped";
  const auto found = prices(asked);
  const auto ten = prices(experiment("", landmark("10")));
  EXPECT_EQ(found[0].least_flops, found[0].flops);
  EXPECT_DOUBLE_EQ(found[1].least_flops, ten[1].flops);
  EXPECT_DOUBLE_EQ(found[1].least_seconds, ten[1].seconds);
  EXPECT_EQ(found[2].least_flops, 0);
  EXPECT_EQ(subject_.documents, found[0].forwards + ten[1].forwards);
}

TEST_F(PriceTest, IsAtMostWhatASweepCostsInWhichEveryAnswerIsRight) {
  const auto asked = experiment(R"(, "trials_after_failure": 10, "skip_after": 2)");
  EXPECT_EQ(sweep(asked).cells, 3 * 20);
  int64_t forwards = 0;
  int64_t tokens = 0;
  for (const Price& price : prices(asked)) {
    EXPECT_EQ(price.cells, 20);
    forwards += price.forwards;
    tokens += price.tokens;
  }
  EXPECT_EQ(subject_.documents, forwards);
  EXPECT_EQ(subject_.tokens, tokens);
}

}  // namespace
}  // namespace sweep
