#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "tests/harness/sweep/summary/fixtures.h"
#include "tests/support/error_text.h"

namespace sweep {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;

TEST(RetrievalSummary, GivesEveryCellItsIntervals) {
  const std::string csv = summarize(retrieval_runs()).summary_csv;
  EXPECT_THAT(csv, testing::StartsWith("schema_version,method,grid,by_length,protocol,length,"));
  EXPECT_EQ(line_with(csv, {"yarn", ",8192,all"}),
            "1,yarn,,no,passkey/landmark/1/per-length,8192,all,50,48,0,0,0.96,0.865399093,"
            "0.988961116,wilson,0.879385845,0.99284628,-0.256000001,,,,yes");
  EXPECT_THAT(line_with(csv, {"yarn", ",8192,late"}), HasSubstr(",late,15,13,0,0,"));
}

TEST(RetrievalSummary, GivesTheThreeLengthsAndWhatEndedThem) {
  const std::string csv = summarize(retrieval_runs()).effective_length_csv;
  EXPECT_EQ(line_with(csv, {"yarn", "L_cert,"}),
            "1,yarn,,no,passkey/landmark/1/per-length,L_cert,8192,,,,not_shown,16384,"
            "\"not shown at 16384: 44 of 50, needs 47\"");
  EXPECT_EQ(line_with(csv, {"yarn", "L_point"}),
            "1,yarn,,no,passkey/landmark/1/per-length,L_point,16384,,,,all_lengths,,"
            "every length shown");
  EXPECT_EQ(line_with(csv, {"plain", "L_fail"}),
            "1,plain,,no,passkey/landmark/1/per-length,L_fail,8192,,,,not_shown,4096,"
            "not shown at 4096");
  EXPECT_THAT(line_with(csv, {"yarn", "L_cert_worst_depth"}), HasSubstr("too_few_trials"));
}

TEST(RetrievalSummary, ComparesEveryMethodWithTheBaselineInOneFamily) {
  const Summary summary = summarize(retrieval_runs());
  const std::string line = line_with(summary.comparison_csv, {"yarn", ",8192,"});
  EXPECT_THAT(line, HasSubstr("/per-length,8192,plain,prompts,50,0,48,0,0.96,"));
  // 48 pairs where only yarn is right: p = 2 / 2^48, times the 3 lengths of the family.
  EXPECT_THAT(line, HasSubstr(",mcnemar exact,7.10542736e-15,2.13162821e-14,3,yes"));
  EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",4096,"}), HasSubstr(",1,1,3,no"));
  EXPECT_EQ(line_with(summary.comparison_csv, {",plain,,"}), "");
  EXPECT_THAT(summary.text, HasSubstr("a family of 3 exact McNemar tests"));
}

TEST(RetrievalSummary, ShowsOneLineAMethod) {
  EXPECT_THAT(
      summarize(retrieval_runs()).text,
      HasSubstr("  method    4096    8192   16384  L_cert  L_fail  L_point  worst depth\n"
                "  plain   50/50*    0/50    0/50    4096    8192     4096          n/c\n"
                "  yarn    50/50*  48/50*  44/50*    8192       -    16384          n/c\n"));
}

TEST(RetrievalSummary, IsTheSameBytesForRowsInAnyOrder) {
  Runs runs = retrieval_runs();
  const std::string bytes = all_bytes(summarize(runs));
  std::reverse(runs.rows.begin(), runs.rows.end());
  EXPECT_EQ(all_bytes(summarize(runs)), bytes);
  const base::CounterRandom random(Json("order"));
  for (size_t i = runs.rows.size(); i > 1; --i) {
    std::swap(runs.rows[i - 1],
              runs.rows[static_cast<size_t>(random.below(i, static_cast<int64_t>(i)))]);
  }
  EXPECT_EQ(all_bytes(summarize(runs)), bytes);
}

TEST(RetrievalSummary, TakesADivergedTrialForAMiss) {
  Runs runs = retrieval_runs();
  for (Row& row : runs.rows) {
    if (row.method == "yarn" && row.length == 8192) row.status = Status::diverged;
  }
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,all"}), HasSubstr("all,50,0,50,0,0,"));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,4096,,,,not_shown,8192"));
}

TEST(RetrievalSummary, StopsACertificateAtAMissingTrialAndSaysWhy) {
  for (const Status status : {Status::out_of_memory, Status::failed, Status::skipped}) {
    Runs runs = retrieval_runs();
    for (Row& row : runs.rows) {
      if (row.cell == "yarn 8192 007") row.status = status;
    }
    const Summary summary = summarize(runs);
    EXPECT_EQ(line_with(summary.effective_length_csv, {"yarn", "L_cert,"}),
              fmt::format("1,yarn,,no,{},L_cert,4096,,,,missing,8192,"
                          "answers missing at 8192 (1 {})",
                          landmark, name(status)));
    EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",8192,"}),
                HasSubstr(",prompts,49,1,47,0,"));
    EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,all"}), testing::EndsWith(","))
        << "takes no part in the best set";
  }
}

TEST(RetrievalSummary, CountsATrialThatWasNotRunYetAsMissing) {
  Runs runs = retrieval_runs();
  std::erase_if(runs.rows, [](const Row& row) { return row.cell == "yarn 8192 049"; });
  EXPECT_THAT(line_with(summarize(runs).effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("missing,8192,answers missing at 8192 (1 not run)"));
}

TEST(RetrievalSummary, PlansFewerTrialsBeyondAFailureWhereTheExperimentSaysSo) {
  Runs runs = retrieval_runs();
  runs.design.trials_after_failure = 10;
  keep_first_trials(runs.rows, "plain", 16384, 10);
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,10,0,0,0,0,"));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"plain", "L_fail"}),
              HasSubstr("L_fail,8192,"));
}

TEST(RetrievalSummary, PlansFewerTrialsThatLieOverAllDepths) {
  Runs runs = retrieval_runs();
  runs.design.trials_after_failure = 4;
  const std::set<int64_t> kept = {2, 4, 7, 9};
  std::erase_if(runs.rows, [&](const Row& row) {
    return row.method == "plain" && row.length == 16384 && !kept.count(row.retrieval->trial);
  });
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",16384,all"}), HasSubstr("all,4,0,0,0,0,"));
  EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",16384,"}), HasSubstr(",prompts,4,46,"));
  std::erase_if(runs.rows, [](const Row& row) { return row.cell == "plain 16384 009"; });
  EXPECT_THAT(line_with(summarize(runs).summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,3,0,0,1,0,"));
}

TEST(RetrievalSummary, CountsNoTrialsThatWereAskedBeforeTheFailureWasKnown) {
  Runs runs = retrieval_runs();
  runs.design.trials_after_failure = 10;
  for (Row& row : runs.rows) {  // the ten that are planned miss
    if (row.method != "plain" || row.length != 16384) continue;
    row.retrieval->hit = row.retrieval->trial >= 10;
  }
  EXPECT_THAT(line_with(summarize(runs).summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,10,0,0,0,0,"));
}

TEST(RetrievalSummary, SaysInWordsWhatIsNotAsked) {
  Runs runs = retrieval_runs();
  runs.design.trials_after_failure = 10;
  runs.design.skip_after = 2;
  runs.design.evals.front().trials[16384] = 10;
  const std::string text = summarize(runs).methods_txt;
  EXPECT_THAT(text, HasSubstr("Behind a length that a method was shown to fail, 10 trials over all "
                              "depths are asked. Lengths behind 2 in a row without a hit are "
                              "skipped, and their trials missing. Certifying a length needs >= 47 "
                              "of 50 at tau 0.85 (alpha 0.05). 10 trials cannot certify a length"));
}

TEST(RetrievalSummary, CountsThirdsByTheDepthAskedForNotWhereTheNeedleLies) {
  Runs runs = retrieval_runs();
  for (Row& row : runs.rows) {
    if (row.retrieval->depth_index == 3) row.retrieval->depth = 0.333;  // of [0.3, 0.4)
  }
  EXPECT_EQ(summarize(runs).summary_csv, summarize(retrieval_runs()).summary_csv);
}

TEST(RetrievalSummary, PlansAllTrialsOfAControl) {
  Runs runs = retrieval_runs();
  Json eval = retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50);
  eval["absent"] = true;
  runs.design = make_design(experiment_of(two_methods, Json::array({eval})), identity(), "test");
  runs.design.trials_after_failure = 10;
  std::erase_if(runs.rows, [](const Row& row) { return row.cell == "plain 16384 049"; });
  for (Row& row : runs.rows) {
    row.protocol = std::string(landmark) + "/absent";
    row.retrieval->hit = false;
  }
  EXPECT_THAT(line_with(summarize(runs).summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,49,0,0,1,"));
}

TEST(RetrievalSummary, RefusesToCompareDifferentPrompts) {
  Runs runs = retrieval_runs();
  for (Row& row : runs.rows) {
    if (row.cell == "yarn 8192 007") row.retrieval->prompt_sha256 = std::string(64, 'f');
  }
  EXPECT_EQ(tests::error_text([&] { summarize(runs); }),
            "rows.jsonl: passkey/landmark/1/per-length: length 8192, trial 7: plain was asked "
            "prompt 000000000000, yarn prompt ffffffffffff; methods are compared on identical "
            "prompts only; run both from one version");
}

TEST(RetrievalSummary, CrownsNoMemberOfAGrid) {
  const Json chain = Json::array({{{"type", "yarn"}, {"factor", 4}}});
  std::vector<Row> rows;
  add_trials(rows, "plain", 4096, 40);
  add_trials(rows, "yarn[factor=2]", 4096, 49);
  add_trials(rows, "yarn[factor=4]", 4096, 50);
  const Json methods = {{"plain", Json::array()},
                        {"yarn[factor=2]", Json::array({{{"type", "yarn"}, {"factor", 2}}})},
                        {"yarn[factor=4]", chain}};
  const Summary summary = summarize(runs_of(
      experiment_of(methods, Json::array({retrieval_eval(
                                 {"plain", "yarn[factor=2]", "yarn[factor=4]"}, {4096}, 50)})),
      rows));
  EXPECT_THAT(line_with(summary.summary_csv, {"factor=4", ",all,"}), testing::EndsWith(","));
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",all,"}), testing::EndsWith(",yes"));
  EXPECT_THAT(summary.text, Not(HasSubstr("50/50*")));
  EXPECT_THAT(summary.text, HasSubstr("yarn is a grid of 2: its best member is not named"));
  EXPECT_THAT(summary.methods_txt, HasSubstr("Grids. yarn: no member is called the best"));
}

TEST(RetrievalSummary, SaysNothingOfTheBestOfAMethodThatWasNotAskedEveryTrial) {
  std::vector<Row> rows;
  add_trials(rows, "plain", 4096, 30);
  add_trials(rows, "yarn", 4096, 5, 5);
  const Summary summary = summarize(runs_of(
      experiment_of(two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096}, 50)})),
      rows));
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",all,"}), testing::EndsWith(",yes"));
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",all,"}), testing::EndsWith(","));
  EXPECT_THAT(summary.text, HasSubstr("30/50*"));
  EXPECT_THAT(summary.text, Not(HasSubstr("5/5*")));
}

TEST(RetrievalSummary, ShowsHowManyMissesDiverged) {
  std::vector<Row> rows;
  add_trials(rows, "plain", 4096, 48);
  for (Row& row : rows) {
    if (!row.retrieval->hit) row.status = Status::diverged;
  }
  EXPECT_THAT(summarize(runs_of(experiment_of(two_methods,
                                              Json::array({retrieval_eval({"plain"}, {4096}, 50)})),
                                rows))
                  .text,
              HasSubstr("48/50* (2 diverged)"));
}

TEST(RetrievalSummary, SetsMethodsThatChangeWithTheLengthApart) {
  std::vector<Row> rows;
  for (const char* method : {"a-family", "plain"}) {
    for (const int64_t length : {4096, 8192}) add_trials(rows, method, length, 50);
  }
  const Json methods = {
      {"a-family", Json::array({{{"type", "linear"}, {"factor", "length/trained"}}})},
      {"plain", Json::array()}};
  const Summary summary = summarize(
      runs_of(experiment_of(methods,
                            Json::array({retrieval_eval({"a-family", "plain"}, {4096, 8192}, 50)})),
              rows));
  EXPECT_THAT(summary.summary_csv, HasSubstr("1,a-family,,yes,"));
  const size_t heading = summary.text.find("families of models");
  ASSERT_NE(heading, std::string::npos);
  EXPECT_LT(summary.text.find("plain"), heading);
  EXPECT_GT(summary.text.find("a-family"), heading);
}

TEST(RetrievalSummary, SetsApartAMethodThatChangesWithTheLengthOnSomeLayersOnly) {
  std::vector<Row> rows;
  for (const char* method : {"a-layer", "plain"}) {
    for (const int64_t length : {4096, 8192}) add_trials(rows, method, length, 50);
  }
  const Json dynamic = {{{"type", "dynamic_ntk"}, {"factor", 1}}};
  const Json methods = {
      {"a-layer",
       Json::array({{{"type", "apply_to_layers"}, {"layers", {1}}, {"methods", dynamic}}})},
      {"plain", Json::array()}};
  const Summary summary = summarize(runs_of(
      experiment_of(methods, Json::array({retrieval_eval({"a-layer", "plain"}, {4096, 8192}, 50)})),
      rows));
  EXPECT_THAT(summary.summary_csv, HasSubstr("1,a-layer,,yes,"));
  EXPECT_THAT(summary.methods_txt, HasSubstr("{emozilla2023dynamic,")) << "what it holds is cited";
}

TEST(RetrievalSummary, TabulatesAControlWithoutClaims) {
  Runs runs = retrieval_runs();
  Json eval = retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50);
  eval["absent"] = true;
  runs.design = make_design(experiment_of(two_methods, Json::array({eval})), identity(), "test");
  for (Row& row : runs.rows) row.protocol = std::string(landmark) + "/absent";
  const Summary summary = summarize(runs);
  EXPECT_THAT(summary.summary_csv, HasSubstr("/absent,4096,all,50,50,"));
  EXPECT_EQ(line_with(summary.effective_length_csv, {"absent"}), "");
  EXPECT_EQ(line_with(summary.comparison_csv, {"absent"}), "");
}

TEST(RetrievalSummary, CertifiesNoLengthWithTheNeedleAtAFixedToken) {
  Runs runs = retrieval_runs();
  Json eval = retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50);
  eval["placement"] = "absolute";
  runs.design = make_design(experiment_of(two_methods, Json::array({eval})), identity(), "test");
  for (Row& row : runs.rows) row.protocol = "passkey/landmark/1/absolute";
  const Summary summary = summarize(runs);
  EXPECT_EQ(line_with(summary.effective_length_csv, {"absolute"}), "");
  EXPECT_NE(line_with(summary.comparison_csv, {"absolute"}), "");
  EXPECT_THAT(summary.text, HasSubstr("no length is certified by it"));
}

TEST(RetrievalSummary, GivesMethodsWithOneChainTheSameRows) {
  Runs runs = retrieval_runs();
  Json methods = two_methods;
  methods["as_configured"] = "as_configured";  // the checkpoint has no scaling of its own
  runs.design = make_design(
      experiment_of(methods, Json::array({retrieval_eval({"as_configured", "plain", "yarn"},
                                                         {4096, 8192, 16384}, 50)})),
      identity(), "test");
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"as_configured", ",4096,all"}),
              HasSubstr("all,50,50,0,0,1,"));
}

TEST(RetrievalSummary, WarnsOfMixedNumerics) {
  Runs runs = retrieval_runs();
  runs.rows.front().kernel = "another";
  EXPECT_THAT(summarize(runs).warnings,
              testing::ElementsAre("rows of different numerics stand in one summary: another; "
                                   "reference, float32"));
}

TEST(RetrievalSummary, CitesTheMethodsAndTheProtocolItUsed) {
  const std::string text = summarize(retrieval_runs()).methods_txt;
  EXPECT_THAT(text, HasSubstr("SHA-256 of the weights w, of the tokenizer t"));
  EXPECT_THAT(text, HasSubstr("Certifying a length needs >= 47 of 50 at tau 0.85"));
  EXPECT_THAT(text, HasSubstr("{peng2023yarn,"));
  EXPECT_THAT(text, HasSubstr("{mohtashami2023landmark,"));
  EXPECT_THAT(text, Not(HasSubstr("{chen2023extending,"))) << "no method of this experiment";
  EXPECT_THAT(text, Not(HasSubstr("{hsieh2024ruler,"))) << "no protocol of this experiment";
}

}  // namespace
}  // namespace sweep
