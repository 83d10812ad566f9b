#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/harness/sweep/summary/fixtures.h"

// Trials whose hay is cut from the user's documents, which they may share.
namespace sweep {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;

/// retrieval_runs() in the user's own hay: as many documents for the 50 trials of a length as
/// `documents` says, and one for each trial where it is silent.
Runs runs_in_own_hay(const std::map<int64_t, int64_t>& documents) {
  Runs runs = retrieval_runs();
  Json eval = retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50);
  eval["hay"] = {"0.txt"};
  runs.design = make_design(experiment_of(two_methods, Json::array({eval})), identity(), "test");
  for (Row& row : runs.rows) {
    const auto few = documents.find(row.length);
    const int64_t count = few == documents.end() ? 50 : few->second;
    const int64_t trial = row.retrieval->trial;
    row.retrieval->source = fmt::format("{}.txt#{}", trial % count, trial);
  }
  return runs;
}

TEST(RetrievalSummary, CertifiesNoLengthWhenTrialsShareABook) {
  const Summary shared = summarize(runs_in_own_hay({{4096, 1}, {8192, 1}, {16384, 1}}));
  EXPECT_EQ(line_with(shared.effective_length_csv, {"yarn", "L_cert,"}),
            "1,yarn,,no,passkey/landmark/1/per-length,L_cert,,,,,dependent_trials,4096,"
            "not certifiable: trials share a source at 4096");
  EXPECT_EQ(line_with(shared.effective_length_csv, {"plain", "L_fail,"}),
            "1,plain,,no,passkey/landmark/1/per-length,L_fail,,,,,dependent_trials,16384,"
            "not certifiable: trials share a source at 16384");
  EXPECT_THAT(shared.text, HasSubstr("  yarn    50/50*  48/50*  44/50*     n/c     n/c    16384"));
  EXPECT_THAT(shared.warnings,
              testing::ElementsAre("passkey/landmark/1/per-length: several trials share a document "
                                   "at 4096, 8192, 16384, so that no certificate reaches that far; "
                                   "give one document per trial, each long enough"));
  EXPECT_THAT(line_with(summarize(runs_in_own_hay({})).effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,8192,,,,not_shown,16384,"));
}

TEST(RetrievalSummary, CertifiesTheLengthsBeforeTheOneWhereTrialsShareABook) {
  const Summary summary = summarize(runs_in_own_hay({{8192, 49}}));
  for (const char* method : {"plain", "yarn"}) {
    EXPECT_THAT(line_with(summary.effective_length_csv, {method, "L_cert,"}),
                HasSubstr("L_cert,4096,,,,dependent_trials,8192,"
                          "not certifiable: trials share a source at 8192"));
  }
  EXPECT_THAT(summary.text, HasSubstr("  yarn    50/50*  48/50*  44/50*    4096       -    16384"));
  EXPECT_THAT(summary.warnings, testing::ElementsAre(HasSubstr("share a document at 8192, so")));
  EXPECT_THAT(
      summary.methods_txt,
      HasSubstr(" At 8192 tokens several trials share a text: nothing is shown there, and a "
                "certificate ends before.\n"));
  EXPECT_THAT(summarize(retrieval_runs()).methods_txt, Not(HasSubstr("share a text")));
}

TEST(RetrievalSummary, ShowsFailureBelowTheLengthsWhereTrialsShareABook) {
  const std::string csv = summarize(runs_in_own_hay({{16384, 49}})).effective_length_csv;
  EXPECT_EQ(line_with(csv, {"plain", "L_fail,"}),
            "1,plain,,no,passkey/landmark/1/per-length,L_fail,8192,,,,not_shown,4096,"
            "not shown at 4096; trials share a source: 16384");
  EXPECT_EQ(line_with(csv, {"yarn", "L_cert,"}),
            "1,yarn,,no,passkey/landmark/1/per-length,L_cert,8192,,,,dependent_trials,16384,"
            "not certifiable: trials share a source at 16384");
}

TEST(RetrievalSummary, CertifiesEachThirdBeforeTheLengthWhereTrialsShareABook) {
  Json eval = retrieval_eval({"plain"}, {4096, 8192}, 100);
  eval["hay"] = {"0.txt"};
  std::vector<Row> rows;
  for (const int64_t length : {4096, 8192}) add_trials(rows, "plain", length, 100, 100);
  for (Row& row : rows) {
    const int64_t trial = row.retrieval->trial;
    row.retrieval->source = fmt::format("{}.txt#0", row.length == 8192 ? trial % 99 : trial);
  }
  const std::string csv = summarize(runs_of(experiment_of(two_methods, Json::array({eval})), rows))
                              .effective_length_csv;
  for (const char* measure :
       {"L_cert_early", "L_cert_middle", "L_cert_late", "L_cert_worst_depth"}) {
    EXPECT_EQ(line_with(csv, {measure}),
              fmt::format("1,plain,,no,passkey/landmark/1/per-length,{},4096,,,,dependent_trials,"
                          "8192,not certifiable: trials share a source at 8192",
                          measure));
  }
}

TEST(RetrievalSummary, LooksForSharedBooksAmongTheKeptTrialsOnly) {
  Runs runs = runs_in_own_hay({{16384, 10}});
  runs.design.trials_after_failure = 4;  // 2, 4, 7 and 9: plain's other rows were asked before
  const std::string csv = summarize(runs).effective_length_csv;
  EXPECT_EQ(line_with(csv, {"plain", "L_fail,"}),
            "1,plain,,no,passkey/landmark/1/per-length,L_fail,8192,,,,not_shown,4096,"
            "not shown at 4096");
  EXPECT_THAT(line_with(csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,8192,,,,dependent_trials,16384,"));
}

TEST(RetrievalSummary, PlansAsManyTrialsBeyondAFailureWhereTrialsShareABook) {
  Runs runs = runs_in_own_hay({{8192, 1}});
  runs.design.trials_after_failure = 10;
  keep_first_trials(runs.rows, "plain", 16384, 10);
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,10,0,0,0,0,"));
  EXPECT_EQ(line_with(summary.effective_length_csv, {"plain", "L_fail,"}),
            "1,plain,,no,passkey/landmark/1/per-length,L_fail,16384,,,,dependent_trials,8192,"
            "not certifiable: trials share a source at 8192");
}

}  // namespace
}  // namespace sweep
