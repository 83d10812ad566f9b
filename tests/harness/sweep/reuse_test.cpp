#include "harness/sweep/reuse.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "harness/base/error.h"
#include "tests/harness/sweep/oracle_sweep.h"

namespace sweep {
namespace {

using base::Json;

class ReuseTest : public OracleSweep {
 protected:
  /// Takes what it can from the run "first" into the run "second"; returns how many cells.
  int64_t take(const Experiment& asked, const Selection& selection = {}) {
    const Prepared prepared(asked, subject_);
    RunDirectory directory(folder_ / "second", *storage_, to_json(asked), prepared.identity(),
                           Json());
    auto taken = reusable_rows(prepared, selection, directory.rows(), folder_ / "first");
    const auto count = static_cast<int64_t>(taken.size());
    directory.adopt(std::move(taken), folder_ / "first");
    EXPECT_EQ(directory.committed(), static_cast<int64_t>(directory.rows().size()));
    return count;
  }

  static std::string trials(int64_t count) {
    return R"("evals": [{"type": "passkey", "protocol": "landmark", "depths": 5, "trials": )" +
           std::to_string(count) + "}]";
  }

  /// Of every cell the line is the same as if all of it had been asked in one run.
  void expect_rows_of_one_run(const Experiment& asked) {
    sweep(asked, {}, "second");
    sweep(asked, {}, "whole");
    ASSERT_EQ(rows("second").size(), rows("whole").size());
    for (size_t i = 0; i < rows("whole").size(); ++i) {
      EXPECT_EQ(to_line(rows("second")[i]), to_line(rows("whole")[i]));
    }
  }
};

TEST_F(ReuseTest, MoreTrialsLengthsAndMethodsAskOnlyWhatIsNew) {
  subject_.truth.recall = [](int64_t, double depth) { return depth < 0.5 ? 1.0 : 0.3; };
  sweep(experiment(R"("lengths": [1024, 2048], )" + trials(10)), {}, "first");
  const auto more = parse_experiment(R"({"model": "model", "trained_length": 512, "seed": 3,
      "baseline": "none", "methods": {"none": [], "yarn": [{"type": "yarn", "factor": 4}]},
      "lengths": [1024, 2048, 4096], )" + trials(20) +
                                         "}",
                                     folder_ / "experiment.json");
  EXPECT_EQ(take(more), 2 * 10) << "of what is called plain there";
  EXPECT_EQ(take(more), 0) << "nothing twice";
  for (const Row& row : rows("second")) EXPECT_EQ(row.method, "none");
  expect_rows_of_one_run(more);
}

TEST_F(ReuseTest, LogProbabilitiesComeWithTheirRows) {
  const std::string evals = R"("evals": [{"type": "perplexity", "protocol": "fixed-target",
      "targets": 128, "corpus": ["book.txt"], "methods": ["plain"]}])";
  sweep(experiment(R"("lengths": [1024, 2048], )" + evals), {}, "first");
  const auto longer = experiment(R"("lengths": [1024, 2048, 4096], )" + evals);
  for (const Row& row : rows("first")) {
    if (row.length == 2048) {
      std::filesystem::remove(folder_ / "first" / row.perplexity->forwards.front().nll_file);
    }
  }
  EXPECT_EQ(take(longer), 1) << "those of 2048 are lost there";
  const int64_t before = subject_.documents;
  sweep(longer, {}, "second");
  EXPECT_EQ(subject_.documents, before + 2);
  std::filesystem::remove_all(folder_ / "first");
  for (const Row& row : rows("second")) {
    EXPECT_TRUE(
        std::filesystem::exists(folder_ / "second" / row.perplexity->forwards.front().nll_file));
  }
  expect_rows_of_one_run(longer);
}

TEST_F(ReuseTest, WhatHasNoAnswerIsAskedAnew) {
  subject_.before = [](const evals::Document&) { throw std::bad_alloc(); };
  sweep(experiment(R"("lengths": [1024], )" + trials(10)), {}, "first");
  subject_.before = {};
  const auto asked = experiment(R"("lengths": [1024, 2048], )" + trials(10));
  EXPECT_EQ(take(asked), 0);
  expect_rows_of_one_run(asked);
}

TEST_F(ReuseTest, TakesNothingThatThisExperimentWouldNotAsk) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  const std::string lengths = R"("lengths": [1024, 2048, 4096, 8192], )";
  sweep(experiment(lengths + trials(10)), {}, "first");
  auto other = experiment(lengths + trials(10));
  other.seed = 4;
  EXPECT_EQ(take(other), 0) << "other prompts";
  std::filesystem::remove_all(folder_ / "second");
  EXPECT_EQ(take(experiment(lengths + trials(10)), {.methods = {"linear"}, .lengths = {1024}}), 10);
  std::filesystem::remove_all(folder_ / "second");
  const auto adaptive =
      experiment(R"("trials_after_failure": 5, "skip_after": 2, )" + lengths + trials(10));
  EXPECT_EQ(take(adaptive), 3 * (10 + 10 + 5)) << "2,048 fails, and nothing is found at 4,096";
  expect_rows_of_one_run(adaptive);
}

TEST_F(ReuseTest, SaysWhyNothingCanBeTaken) {
  const std::string evals = R"("lengths": [1024], )" + trials(10);
  sweep(experiment(evals), {}, "first");
  Experiment other = experiment(evals);
  EXPECT_THAT(why_none_is_reusable(Prepared(other, subject_), folder_ / "first"),
              testing::IsEmpty());
  other.seed = 4;
  other.dtype = "bfloat16";
  EXPECT_THAT(why_none_is_reusable(Prepared(other, subject_), folder_ / "first"),
              testing::ElementsAre("seed is 3 there and 4 here",
                                   R"(dtype is "float32" there and "bfloat16" here)"));
}

TEST_F(ReuseTest, TheDesignOfDepthsIsThisExperiments) {
  const auto landmark = [](int64_t depths, int64_t trials) {
    return fmt::format(
        R"("lengths": [1024], "evals": [{{"type": "passkey", "protocol": "infinitebench",
        "methods": ["plain"], "depths": {}, "trials": {}}}])",
        depths, trials);
  };
  sweep(experiment(landmark(3, 9)), {}, "first");
  const auto finer = experiment(landmark(5, 10));
  EXPECT_GT(take(finer), 0) << "some depths are in both grids";
  expect_rows_of_one_run(finer);
}

TEST_F(ReuseTest, TextsAreNamedAsHere) {
  const auto niah = [](const std::string& hay, int64_t trials) {
    return fmt::format(R"("lengths": [1024], "evals": [{{"type": "niah", "protocol": "text",
        "methods": ["plain"], "hay": ["{}"], "depths": 5, "trials": {}}}])",
                       hay, trials);
  };
  sweep(experiment(niah("book.txt", 5)), {}, "first");
  std::filesystem::copy_file(folder_ / "book.txt", folder_ / "same.txt");
  const auto renamed = experiment(niah("same.txt", 10));
  EXPECT_EQ(take(renamed), 5);
  expect_rows_of_one_run(renamed);
}

TEST_F(ReuseTest, AnotherComputationIsRefused) {
  const auto asked = experiment(R"("lengths": [1024], )" + trials(10));
  sweep(asked, {}, "first");
  subject_.norm_eps = 1e-6;
  try {
    take(asked);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("first/manifest.json: /identity/computation: is "));
  }
}

TEST_F(ReuseTest, AFolderWithoutARunIsRefused) {
  try {
    take(experiment(R"("lengths": [1024], )" + trials(10)));
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), testing::EndsWith("first: is no run directory: rows.jsonl is not "
                                                "there; name a folder that ropewalk sweep wrote"));
  }
}

}  // namespace
}  // namespace sweep
