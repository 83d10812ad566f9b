#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "harness/base/random.h"
#include "harness/sweep/summary/perplexity_sheet.h"
#include "tests/harness/sweep/summary/fixtures.h"
#include "tests/support/error_text.h"

namespace sweep {
namespace {

using base::Json;
using testing::HasSubstr;

// Eight documents of 64 targets; a file's name says which NLL it holds.

constexpr int64_t targets = 64;
constexpr int64_t document_tokens = 40000;

Row document_row(const std::string& method, int64_t length, int64_t document, double nll) {
  Row row;
  row.cell = fmt::format("{} {} document {}", method, length, document);
  row.method = method;
  row.protocol = "ppl/fixed-target/1";
  row.length = length;
  row.kernel = "reference, float32";
  row.perplexity.emplace();
  row.perplexity->document = fmt::format("{}.txt", document);
  row.perplexity->document_sha256 = fmt::format("hash {}", document);
  row.perplexity->forwards = {{fmt::format("{} {}", nll, document),
                               {{document_tokens - length, document_tokens},
                                {document_tokens - targets, document_tokens}}}};
  row.perplexity->bytes = 4 * targets;
  row.perplexity->nll = nll;
  return row;
}

Runs perplexity_runs(const std::map<std::string, std::map<int64_t, double>>& nll,
                     int64_t documents = 8) {
  std::vector<Row> rows;
  std::set<int64_t> lengths;
  Json methods = Json::array();
  for (const auto& [method, by_length] : nll) {
    methods.push_back(method);
    for (const auto& [length, value] : by_length) {
      lengths.insert(length);
      for (int64_t d = 0; d < documents; ++d)
        rows.push_back(document_row(method, length, d, value));
    }
  }
  Json corpus = Json::array();
  for (int64_t d = 0; d < documents; ++d) corpus.push_back(fmt::format("{}.txt", d));
  Runs runs = runs_of(experiment_of(two_methods, Json::array({{{"type", "perplexity"},
                                                               {"protocol", "fixed-target/1"},
                                                               {"targets", targets},
                                                               {"corpus", corpus},
                                                               {"methods", methods},
                                                               {"lengths", lengths}}})),
                      rows);
  // Documents differ in difficulty, and targets in noise that all methods share.
  runs.nll = [](const Forward& forward) {
    const size_t space = forward.nll_file.find(' ');
    const double level = std::stod(forward.nll_file.substr(0, space));
    const std::string document = forward.nll_file.substr(space + 1);
    const base::CounterRandom random{Json(document)};
    const base::CounterRandom own{Json(forward.nll_file)};
    std::vector<float> values;
    for (uint64_t i = 0; i < targets; ++i) {
      values.push_back(static_cast<float>(level + random.unit(1000) + random.unit(i) +
                                          0.002 * (own.unit(i) - 0.5)));
    }
    return values;
  };
  return runs;
}

const std::map<std::string, std::map<int64_t, double>> curves = {
    {"plain", {{2048, 3.0}, {4096, 2.9}, {8192, 9.0}, {16384, 9.5}}},
    {"yarn", {{2048, 3.05}, {4096, 2.904}, {8192, 2.8}, {16384, 2.905}}}};

TEST(PerplexitySummary, FindsBothLengthsAndTheShortContextCost) {
  const Summary summary = summarize(perplexity_runs(curves));
  const std::string& csv = summary.effective_length_csv;
  EXPECT_THAT(line_with(csv, {"yarn", "not_worse"}),
              testing::ContainsRegex("ppl_not_worse,16384,0.00[45][0-9]*,[-0-9.e]+,0.00[0-9]*,"
                                     "all_lengths,,every length shown"));
  EXPECT_THAT(line_with(csv, {"yarn", "better"}),
              testing::ContainsRegex("ppl_better,8192,0.00[45][0-9]*,[-0-9.e]+,0.00[0-9]*,"
                                     "not_shown,16384,not shown at 16384"))
      << "with the difference that does not show it";
  EXPECT_THAT(line_with(csv, {"plain", "not_worse"}), HasSubstr("ppl_not_worse,4096,"));
  EXPECT_THAT(line_with(csv, {"yarn", "short_context_cost,2048"}),
              testing::ContainsRegex("2048,0.0[45][0-9]*,.*bootstrap over documents"));
}

TEST(PerplexitySummary, PrintsThePerplexitiesOfItsTable) {
  const Summary summary = summarize(perplexity_runs(curves));
  EXPECT_THAT(summary.text, HasSubstr("ppl/fixed-target/1 (perplexity; 8 of 8 documents"));
  constexpr int perplexity = 18;  // column of summary.csv
  for (const char* length : {",2048,", ",4096,", ",8192,", ",16384,"}) {
    std::istringstream line(line_with(summary.summary_csv, {"yarn", length}));
    std::string field;
    for (int column = 0; column <= perplexity; ++column) std::getline(line, field, ',');
    EXPECT_GT(std::stod(field), std::exp(2.8));
    EXPECT_THAT(summary.text, HasSubstr(fmt::format(" {:.4g} ", std::stod(field))));
  }
}

TEST(PerplexitySummary, PairsMethodsOnTheSameTargets) {
  const std::string line = line_with(summarize(perplexity_runs(curves)).comparison_csv, {",8192,"});
  EXPECT_THAT(line, testing::ContainsRegex(",documents,8,0,,,-6\\.(2|199)"));
  EXPECT_THAT(line, HasSubstr(",4,yes"));  // four lengths
}

TEST(PerplexitySummary, LabelsFewDocumentsAsConditional) {
  const Summary summary = summarize(perplexity_runs(curves, 7));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "not_worse"}),
              HasSubstr("conditional on these documents"));
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,"}),
              HasSubstr("\"block bootstrap, conditional on these documents\""));
}

TEST(PerplexitySummary, SaysThatSoFewTargetsCannotShowALength) {
  const Summary summary = summarize(perplexity_runs(curves, 1));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "ppl_better"}),
              HasSubstr("too_few_trials,8192,not certifiable: too few blocks of targets at 8192"));
  EXPECT_THAT(summary.text, testing::ContainsRegex("yarn .* n/c +n/c"));
}

TEST(PerplexitySummary, GivesFewDocumentsNoIntervalWhereWindowsOverlap) {
  for (const int64_t documents : {7, 8}) {
    Runs runs = perplexity_runs(curves, documents);
    runs.design.evals.front().protocol = "ppl/full-window-256/1";
    for (Row& row : runs.rows) row.protocol = "ppl/full-window-256/1";
    const Summary summary = summarize(runs);
    const char* kind = documents < 8 ? "none: too few documents" : "bootstrap over documents";
    EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,"}), HasSubstr(kind));
    EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",8192,"}), HasSubstr(kind));
  }
}

/// The runs of `curves` as if they had been asked for by this id of a protocol.
Runs runs_under(const std::string& id) {
  Runs runs = perplexity_runs(curves);
  runs.design.evals.front().protocol = id.ends_with("/bos") ? id.substr(0, id.size() - 4) : id;
  for (Row& row : runs.rows) row.protocol = id;
  return runs;
}

TEST(PerplexitySummary, KnowsFromTheTableOfProtocolsWhatItsScoresAre) {
  struct Expected {
    const char* id;
    bool fixed_target, by_windows, overlaps, bos;
  };
  for (const Expected& expected : {Expected{"ppl/fixed-target/1", true, false, false, false},
                                   Expected{"ppl/fixed-target/1/bos", true, false, false, true},
                                   Expected{"ppl/truncated/1/bos", false, false, false, true},
                                   Expected{"ppl/press-256/1", false, false, false, false},
                                   Expected{"ppl/full-window-256/1/bos", false, false, true, true},
                                   Expected{"ppl/half-chunk/1", false, false, false, false},
                                   Expected{"ppl/window-mean-256/1", false, true, false, false},
                                   Expected{"ppl/window-mean-256/1/bos", false, true, false, true},
                                   Expected{"ppl/last-window/1/bos", false, false, false, true}}) {
    const Runs runs = runs_under(expected.id);
    const auto sheets = perplexity_sheets(runs);
    ASSERT_EQ(sheets.size(), 1u) << expected.id;
    EXPECT_EQ(sheets.front().protocol, expected.id);
    EXPECT_EQ(sheets.front().fixed_target, expected.fixed_target) << expected.id;
    EXPECT_EQ(sheets.front().by_windows, expected.by_windows) << expected.id;
    EXPECT_EQ(sheets.front().overlaps, expected.overlaps) << expected.id;
    EXPECT_EQ(sheets.front().bos, expected.bos) << expected.id;
  }
}

TEST(PerplexitySummary, RefusesAProtocolThatThisProgramDoesNotHave) {
  for (const char* id :
       {"ppl/fixed-target/2", "ppl/full-window-x/1/bos", "ppl/window-means-256/1"}) {
    EXPECT_EQ(tests::error_text([&] { summarize(runs_under(id)); }),
              fmt::format("rows.jsonl: {}: is no perplexity protocol of this program; use the "
                          "version of ropewalk that wrote it",
                          id));
  }
}

TEST(PerplexitySummary, UsesOnlyDocumentsThatReachEveryLength) {
  Runs runs = perplexity_runs(curves, 9);
  for (Row& row : runs.rows) {
    if (row.length == 16384 && row.perplexity->document == "3.txt") {
      row.status = Status::skipped;
      row.reason = "3.txt: has 10000 tokens, 16384 are needed";
    }
  }
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",4096,"}), HasSubstr("4096,all,8,,0,0,"));
  EXPECT_THAT(summary.text, HasSubstr("8 of 9 documents reach every length"));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "not_worse"}),
              HasSubstr("ppl_not_worse,16384,"));
}

TEST(PerplexitySummary, EndsAClaimAtALengthThatIsNotRunYet) {
  Runs runs = perplexity_runs(curves);
  std::erase_if(runs.rows, [](const Row& row) { return row.length == 8192; });
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "not_worse"}),
              HasSubstr("ppl_not_worse,4096,,,,missing,8192,"));
  EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",16384,"}), HasSubstr(",4,"))
      << "four lengths are the family, whether run or not";
}

TEST(PerplexitySummary, KeepsTheDocumentsOfALengthThatIsHalfRun) {
  const Summary all = summarize(perplexity_runs(curves));
  Runs runs = perplexity_runs(curves);
  std::erase_if(runs.rows, [](const Row& row) {
    return row.length == 16384 && row.cell != "yarn 16384 document 5";
  });
  const Summary half = summarize(runs);
  EXPECT_THAT(half.text, HasSubstr("8 of 8 documents reach every length"));
  for (const char* length : {",2048,", ",4096,", ",8192,"}) {
    EXPECT_EQ(line_with(half.summary_csv, {"yarn", length}),
              line_with(all.summary_csv, {"yarn", length}));
  }
  EXPECT_THAT(line_with(half.summary_csv, {"yarn", ",16384,"}), HasSubstr("16384,all,1,,0,7,"));
  EXPECT_EQ(line_with(half.position_nll_csv, {"yarn", ",16384,"}), "");
}

TEST(PerplexitySummary, TellsALengthThatIsNotRunYetFromOneThatNoDocumentReaches) {
  Runs runs = perplexity_runs(curves);
  const auto is_longest = [](const Row& row) { return row.length == 16384; };
  for (Row& row : runs.rows) {
    if (is_longest(row)) row.status = Status::skipped;
  }
  EXPECT_THAT(summarize(runs).warnings,
              testing::Contains("ppl/fixed-target/1: no document reaches 16384 tokens"));
  std::erase_if(runs.rows, is_longest);
  EXPECT_THAT(summarize(runs).warnings,
              testing::Contains("ppl/fixed-target/1: not run yet at 16384"));
}

TEST(PerplexitySummary, StopsAtAnOutOfMemoryDocument) {
  Runs runs = perplexity_runs(curves);
  for (Row& row : runs.rows) {
    if (row.cell == "yarn 8192 document 3") row.status = Status::out_of_memory;
  }
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "not_worse"}),
              HasSubstr("ppl_not_worse,4096,,,,missing,8192"));
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,"}), HasSubstr("8192,all,7,,0,1,,"));
}

TEST(PerplexitySummary, TakesADivergedDocumentForAFailure) {
  Runs runs = perplexity_runs(curves);
  for (Row& row : runs.rows) {
    if (row.cell == "yarn 8192 document 3") row.status = Status::diverged;
  }
  const auto nll = runs.nll;
  runs.nll = [nll](const Forward& forward) {
    std::vector<float> values = nll(forward);
    if (forward.nll_file == "2.8 3") values[5] = std::numeric_limits<float>::quiet_NaN();
    return values;
  };
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "not_worse"}),
              HasSubstr("ppl_not_worse,4096,,,,not_shown,8192"));
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,"}), HasSubstr("8192,all,8,,1,0,,"));
  EXPECT_THAT(summary.text, HasSubstr("diverged"));
}

TEST(PerplexitySummary, RefusesDifferentTextsUnderOneName) {
  Runs runs = perplexity_runs(curves);
  for (Row& row : runs.rows) {
    if (row.method == "yarn" && row.perplexity->document == "3.txt") {
      row.perplexity->document_sha256 = "another";
    }
  }
  EXPECT_EQ(tests::error_text([&] { summarize(runs); }),
            "rows.jsonl: ppl/fixed-target/1: 3.txt stands for two different texts; methods are "
            "compared on identical documents only");
}

TEST(PerplexitySummary, SaysWhereTheNllLiesByPosition) {
  const std::string csv = summarize(perplexity_runs(curves)).position_nll_csv;
  // The last 64 of 8192 tokens, in buckets of half the trained length, eight documents.
  EXPECT_THAT(line_with(csv, {"yarn", ",8192,"}), HasSubstr(",8192,6144,8192,512,3."));
}

}  // namespace
}  // namespace sweep
