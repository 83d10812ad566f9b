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

  Experiment experiment(const std::string& rules) {
    return parse_experiment(
        R"({"model": "model", "trained_length": 512, "methods": {"plain": []},
            "lengths": [1024, 2048, 4096], "evals": [
            {"type": "passkey", "protocol": "landmark", "trials": 20, "depths": 10}])" +
            rules + "}",
        folder_.path() / "experiment.json");
  }

  /// Shortest length first.
  std::vector<Price> prices(const Experiment& experiment) {
    return price(Prepared(experiment, subject_), {1e6, 1e6});
  }

  /// Prompts that a sweep really scores.
  int64_t scored(const Experiment& experiment, const std::string& out) {
    const Prepared prepared(experiment, subject_);
    RunDirectory directory(folder_.path() / out, *storage_, to_json(experiment),
                           prepared.identity(), base::Json::object());
    const int64_t before = subject_.documents;
    run_sweep(prepared, directory, {});
    return subject_.documents - before;
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

TEST_F(PriceTest, CountsOfTheLastLayerOnlyWhatTheHeadReads) {
  const Price found = prices(experiment("")).front();
  const auto prompt = Prepared(experiment(""), subject_).prompt(0, 1024, 0);
  const double tokens = static_cast<double>(prompt.questions.front().path);
  const double read = 8;  // what a question is reckoned with
  const double linear = 60 * (tokens - read) + (100 + 10) * read;
  const double pairs = tokens * (tokens + 1) / 2;
  const double unread_pairs = (tokens - read) * (tokens - read + 1) / 2;
  EXPECT_DOUBLE_EQ(found.flops, 20 * (linear + 2 * pairs - unread_pairs));
}

TEST_F(PriceTest, IsAtLeastWhatASweepCostsInWhichNoAnswerIsRight) {
  const auto asked = experiment(R"(, "trials_after_failure": 10, "skip_after": 2)");
  subject_.truth.recall = [](int64_t, double) { return 0.0; };
  EXPECT_EQ(scored(asked, "run"), 20 + 10);
  const auto found = prices(asked);
  EXPECT_EQ(found[0].least_flops, found[0].flops);
  EXPECT_DOUBLE_EQ(found[1].least_flops, found[1].flops / 2);
  EXPECT_DOUBLE_EQ(found[1].least_seconds, found[1].seconds / 2);
  EXPECT_EQ(found[2].least_flops, 0);
}

TEST_F(PriceTest, IsAtMostWhatASweepCostsInWhichEveryAnswerIsRight) {
  const auto asked = experiment(R"(, "trials_after_failure": 10, "skip_after": 2)");
  EXPECT_EQ(scored(asked, "run"), 3 * 20);
  for (const Price& price : prices(asked)) EXPECT_EQ(price.forwards, 20);
}

}  // namespace
}  // namespace sweep
