#include "harness/sweep/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/npy.h"
#include "tests/harness/sweep/oracle_sweep.h"

namespace sweep {
namespace {

using testing::IsSupersetOf;
using testing::SizeIs;

class VerificationTest : public OracleSweep {
 protected:
  VerificationTest() {
    subject_.truth.nll = [](int64_t) { return 2.0; };
    sweep(asked_, {}, "first");
  }

  std::set<std::string> draw(int64_t count, int64_t seed = 1, const Selection& selection = {}) {
    return draw_cells(Prepared(asked_, subject_), selection, folder_ / "first", count, seed);
  }

  /// Asks drawn cells again, of the oracle as it is now.
  std::vector<Repetition> repeat(const std::set<std::string>& cells) {
    sweep(asked_, {.selection = {.cells = cells}, .retry = false, .stop = {}, .report = {}},
          "again");
    EXPECT_THAT(rows("again"), SizeIs(cells.size())) << "no other cell";
    return repetitions(cells, folder_ / "first", folder_ / "again");
  }

  /// Changes every row of the first run.
  void rewrite(const std::function<void(Row&)>& change) {
    std::string lines;
    for (Row& row : rows("first")) {
      change(row);
      lines += to_line(row) + "\n";
    }
    base::write_file_atomically(folder_ / "first" / "rows.jsonl", lines);
  }

  static int64_t agreeing(const std::vector<Repetition>& repetitions) {
    return std::count_if(repetitions.begin(), repetitions.end(),
                         [](const Repetition& cell) { return cell.agrees(); });
  }

  static constexpr int64_t all_ = 3 * 2 * (10 + 1);
  const Experiment asked_ = experiment(R"("lengths": [1024, 2048], "evals": [
      {"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 5},
      {"type": "perplexity", "protocol": "fixed-target", "targets": 64, "corpus": ["book.txt"]}])");
};

TEST_F(VerificationTest, DrawsOfOneSeedAreNested) {
  const auto five = draw(5);
  EXPECT_THAT(five, SizeIs(5));
  EXPECT_THAT(draw(20), IsSupersetOf(five));
  EXPECT_NE(draw(5, 2), five);
  EXPECT_THAT(draw(1000), SizeIs(all_));
}

TEST_F(VerificationTest, DrawsFromWhatIsSelectedAndAnswered) {
  EXPECT_THAT(draw(1000, 1, {.methods = {"plain"}, .lengths = {2048}}), SizeIs(11));
  subject_.before = [](const evals::Document&) { throw std::bad_alloc(); };
  std::filesystem::remove_all(folder_ / "first");
  sweep(asked_, {.selection = {.protocols = {"ppl"}}, .retry = false, .stop = {}, .report = {}},
        "first");
  EXPECT_THROW(draw(1000), base::Error) << "rows, and no answer among them";
}

TEST_F(VerificationTest, OfATextThatServesAllLengthsOnlyTheDrawnOnesAreRead) {
  const Experiment truncated = experiment(R"("lengths": [1024, 2048, 4096], "evals": [
      {"type": "perplexity", "protocol": "truncated", "corpus": ["book.txt"],
       "methods": ["plain"]}])");
  sweep(truncated, {}, "long");
  const auto drawn =
      draw_cells(Prepared(truncated, subject_), {.lengths = {1024}}, folder_ / "long", 5, 1);
  ASSERT_THAT(drawn, SizeIs(1));
  subject_.tokens = 0;
  sweep(truncated, {.selection = {.cells = drawn}, .retry = false, .stop = {}, .report = {}},
        "again");
  EXPECT_EQ(subject_.tokens, 1024);
  const auto found = repetitions(drawn, folder_ / "long", folder_ / "again");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_TRUE(found.front().agrees()) << found.front().disagreement;
  EXPECT_EQ(found.front().difference, 0);
}

TEST_F(VerificationTest, TheSameModelGivesTheSameBits) {
  const auto found = repeat(draw(1000));
  ASSERT_THAT(found, SizeIs(all_));
  EXPECT_EQ(agreeing(found), all_);
  for (const Repetition& cell : found) EXPECT_EQ(cell.difference, 0) << to_line(cell.first);
}

TEST_F(VerificationTest, SaysWhichAnswersAModelChanges) {
  subject_.truth.recall = [](int64_t length, double) { return length < 1500 ? 1.0 : 0.0; };
  subject_.truth.nll = [](int64_t position) { return position < 1024 ? 2.009 : 2.02; };
  for (const Repetition& cell : repeat(draw(1000))) {
    if (cell.first.length == 1024) {
      EXPECT_TRUE(cell.agrees()) << cell.disagreement;
      EXPECT_NEAR(cell.difference, 0.009, 1e-6);
    } else if (cell.first.retrieval) {
      EXPECT_EQ(cell.disagreement, "a hit, and a miss when asked again");
      EXPECT_GT(cell.difference, 0);
    } else {
      EXPECT_EQ(cell.disagreement, "perplexity 7.3891, and perplexity 7.5383 when asked again");
    }
  }
}

TEST_F(VerificationTest, SeesAnotherPromptAnotherPlanAndOtherWindows) {
  const auto drawn = draw(1000);
  repeat(drawn);
  const auto expect_each = [&](const std::string& of_keys, const std::string& of_texts) {
    for (const Repetition& cell : repetitions(drawn, folder_ / "first", folder_ / "again")) {
      EXPECT_EQ(cell.disagreement, cell.first.retrieval ? of_keys : of_texts);
    }
  };
  rewrite([](Row& row) {
    if (row.retrieval) row.retrieval->prompt_sha256 = "of an older version";
    if (row.perplexity) ++row.perplexity->forwards.front().window.tokens.begin;
  });
  expect_each("the prompt is another", "the windows of the text are others");
  rewrite([](Row& row) { row.plan = "of an older version"; });
  expect_each("the rotary plan is another", "the rotary plan is another");
}

TEST_F(VerificationTest, OfWhatDivergesBothTimesNothingDiffers) {
  const auto drawn = draw(1000);
  subject_.truth.nll = [](int64_t position) { return position < 1500 ? 2.0 : std::nan(""); };
  for (const Repetition& cell : repeat(drawn)) {
    EXPECT_EQ(cell.agrees(), cell.first.length == 1024);
    EXPECT_EQ(cell.difference == 0, cell.first.length == 1024);
  }
  sweep(asked_, {.selection = {.cells = drawn}, .retry = false, .stop = {}, .report = {}}, "third");
  for (const Repetition& cell : repetitions(drawn, folder_ / "again", folder_ / "third")) {
    EXPECT_TRUE(cell.agrees()) << cell.disagreement;
    EXPECT_EQ(cell.difference, 0);
  }
}

TEST_F(VerificationTest, MeasuresWhatWasNotScoredAlikeAsInfinite) {
  const auto drawn = draw(1000, 1, {.protocols = {"passkey"}});
  repeat(drawn);
  rewrite([](Row& row) {
    if (row.retrieval) row.retrieval->log_probs.pop_back();
  });
  for (const Repetition& cell : repetitions(drawn, folder_ / "first", folder_ / "again")) {
    EXPECT_EQ(cell.difference, std::numeric_limits<double>::infinity());
  }
}

TEST_F(VerificationTest, AFileWithFewerScoresThanItsRowReadsIsNamed) {
  const auto drawn = draw(1000, 1, {.methods = {"plain"}, .protocols = {"ppl"}});
  repeat(drawn);
  const std::filesystem::path file =
      folder_ / "first" /
      read_rows(folder_ / "again").front().perplexity->forwards.front().nll_file;
  base::write_file_atomically(file, to_npy({2.0f}));
  try {
    repetitions(drawn, folder_ / "first", folder_ / "again");
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.what(), file.string() +
                                ": holds 1 values, its row reads 64; remove the file "
                                "and sweep again to score it anew");
  }
}

TEST_F(VerificationTest, ARunOfAnotherExperimentIsRefused) {
  const Experiment other = experiment(R"("lengths": [512], )" + passkey(""));
  try {
    draw_cells(Prepared(other, subject_), {}, folder_ / "first", 5, 1);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("manifest.json: /identity/experiment: "));
    EXPECT_THAT(error.what(),
                testing::HasSubstr("give the model and the files that the run was made with"));
  }
}

}  // namespace
}  // namespace sweep
