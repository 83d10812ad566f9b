#include "harness/sweep/summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/sweep/run_directory.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* landmark = "passkey/landmark/1/per-length";

Json retrieval_eval(const Json& methods, const Json& lengths, int64_t trials) {
  Json by_length = Json::object();
  for (const Json& length : lengths) by_length[length.dump()] = trials;
  return {{"type", "passkey"},         {"protocol", "landmark/1"}, {"methods", methods},
          {"lengths", lengths},        {"trials", by_length},      {"depths", 10},
          {"placement", "per-length"}, {"absent", false},          {"design", "stratified"}};
}

Json experiment_of(const Json& methods, const Json& evals) {
  return {{"model", "configs/models/tiny"},
          {"dtype", "float32"},
          {"baseline", "plain"},
          {"seed", 1},
          {"tau", 0.85},
          {"alpha", 0.05},
          {"delta", 0.01},
          {"methods", methods},
          {"evals", evals}};
}

Json identity() {
  return {{"experiment", "e"},
          {"weights", "w"},
          {"tokenizer", "t"},
          {"trained_length", 4096},
          {"shape", {{"head_dim", 64}, {"rotary_dim", 64}, {"theta", 10000}}},
          {"configured", Json::array()}};
}

Row trial_row(const std::string& method, int64_t length, int64_t trial, bool hit) {
  Row row;
  row.cell = fmt::format("{} {} {:03}", method, length, trial);
  row.method = method;
  row.protocol = landmark;
  row.length = length;
  row.kernel = "reference, float32";
  row.retrieval.emplace();
  row.retrieval->depth = (static_cast<double>(trial % 10) + 0.5) / 10;
  row.retrieval->depth_index = trial % 10;
  row.retrieval->trial = trial;
  row.retrieval->prompt_sha256 = fmt::format("{:064}", 1000 * length + trial);
  row.retrieval->hit = hit;
  row.retrieval->log_probs = {hit ? -0.1f : -4.0f};
  return row;
}

/// `hits` of `trials`, the misses last.
void add_trials(std::vector<Row>& rows, const std::string& method, int64_t length, int64_t hits,
                int64_t trials = 50) {
  for (int64_t t = 0; t < trials; ++t) rows.push_back(trial_row(method, length, t, t < hits));
}

Runs runs_of(const Json& experiment, std::vector<Row> rows) {
  Runs runs;
  runs.design = make_design(experiment, identity(), "test");
  runs.rows = std::move(rows);
  runs.nll = [](const Forward&) { return std::vector<float>(); };
  return runs;
}

const Json two_methods = {{"plain", Json::array()},
                          {"yarn", Json::array({{{"type", "yarn"}, {"factor", 4}}})}};

Runs retrieval_runs() {
  std::vector<Row> rows;
  add_trials(rows, "plain", 4096, 50);
  add_trials(rows, "plain", 8192, 0);
  add_trials(rows, "plain", 16384, 0);
  add_trials(rows, "yarn", 4096, 50);
  add_trials(rows, "yarn", 8192, 48);
  add_trials(rows, "yarn", 16384, 44);
  return runs_of(
      experiment_of(two_methods,
                    Json::array({retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50)})),
      rows);
}

/// The line of a CSV file that holds all the given pieces; empty when there is none.
std::string line_with(const std::string& csv, std::initializer_list<std::string> pieces) {
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    const bool all = std::all_of(pieces.begin(), pieces.end(), [&](const std::string& piece) {
      return line.find(piece) != std::string::npos;
    });
    if (all) return line;
  }
  return {};
}

template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

std::string all_bytes(const Summary& summary) {
  return summary.summary_csv + summary.effective_length_csv + summary.comparison_csv +
         summary.position_nll_csv + summary.methods_txt + summary.text;
}

TEST(Summary, GivesEveryCellItsIntervals) {
  const std::string csv = summarize(retrieval_runs()).summary_csv;
  EXPECT_THAT(csv, testing::StartsWith("schema_version,method,grid,by_length,protocol,length,"));
  EXPECT_EQ(line_with(csv, {"yarn", ",8192,all"}),
            "1,yarn,,no,passkey/landmark/1/per-length,8192,all,50,48,0,0,0.96,0.865399093,"
            "0.988961116,wilson,0.879385845,0.99284628,-0.256000001,,,,yes");
  EXPECT_THAT(line_with(csv, {"yarn", ",8192,late"}), HasSubstr(",late,15,13,0,0,"));
}

TEST(Summary, GivesTheThreeLengthsAndWhatEndedThem) {
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

TEST(Summary, ComparesEveryMethodWithTheBaselineInOneFamily) {
  const Summary summary = summarize(retrieval_runs());
  const std::string line = line_with(summary.comparison_csv, {"yarn", ",8192,"});
  EXPECT_THAT(line, HasSubstr("/per-length,8192,plain,prompts,50,0,48,0,0.96,"));
  // 48 pairs where only yarn is right: p = 2 / 2^48, times the 3 lengths of the family.
  EXPECT_THAT(line, HasSubstr(",mcnemar exact,7.10542736e-15,2.13162821e-14,3,yes"));
  EXPECT_THAT(line_with(summary.comparison_csv, {"yarn", ",4096,"}), HasSubstr(",1,1,3,no"));
  EXPECT_EQ(line_with(summary.comparison_csv, {",plain,,"}), "");
  EXPECT_THAT(summary.text, HasSubstr("a family of 3 exact McNemar tests"));
}

TEST(Summary, ShowsOneLineAMethod) {
  EXPECT_THAT(
      summarize(retrieval_runs()).text,
      HasSubstr("  method    4096    8192   16384  L_cert  L_fail  L_point  worst depth\n"
                "  plain   50/50*    0/50    0/50    4096    8192     4096          n/c\n"
                "  yarn    50/50*  48/50*  44/50*    8192       -    16384          n/c\n"));
}

TEST(Summary, IsTheSameBytesForRowsInAnyOrder) {
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

TEST(Summary, TakesADivergedTrialForAMiss) {
  Runs runs = retrieval_runs();
  for (Row& row : runs.rows) {
    if (row.method == "yarn" && row.length == 8192) row.status = Status::diverged;
  }
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,all"}), HasSubstr("all,50,0,50,0,0,"));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,4096,,,,not_shown,8192"));
}

TEST(Summary, StopsACertificateAtAMissingTrialAndSaysWhy) {
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
    EXPECT_THAT(line_with(summary.summary_csv, {"yarn", ",8192,all"}), testing::EndsWith(",no"));
  }
}

TEST(Summary, CountsATrialThatWasNotRunYetAsMissing) {
  Runs runs = retrieval_runs();
  std::erase_if(runs.rows, [](const Row& row) { return row.cell == "yarn 8192 049"; });
  EXPECT_THAT(line_with(summarize(runs).effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("missing,8192,answers missing at 8192 (1 not run)"));
}

TEST(Summary, PlansFewerTrialsBeyondAFailureWhereTheExperimentSaysSo) {
  Runs runs = retrieval_runs();
  runs.design.trials_after_failure = 10;
  std::erase_if(runs.rows, [](const Row& row) {
    return row.method == "plain" && row.length == 16384 && row.retrieval->trial >= 10;
  });
  const Summary summary = summarize(runs);
  EXPECT_THAT(line_with(summary.summary_csv, {"plain", ",16384,all"}),
              HasSubstr("all,10,0,0,0,0,"));
  EXPECT_THAT(line_with(summary.effective_length_csv, {"plain", "L_fail"}),
              HasSubstr("L_fail,8192,"));
}

TEST(Summary, RefusesToCompareDifferentPrompts) {
  Runs runs = retrieval_runs();
  for (Row& row : runs.rows) {
    if (row.cell == "yarn 8192 007") row.retrieval->prompt_sha256 = std::string(64, 'f');
  }
  EXPECT_EQ(message_of([&] { summarize(runs); }),
            "rows.jsonl: passkey/landmark/1/per-length: length 8192, trial 7: plain was asked "
            "prompt 000000000000, yarn prompt ffffffffffff; methods are compared on identical "
            "prompts only; run both from one version");
}

TEST(Summary, CrownsNoMemberOfAGrid) {
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

TEST(Summary, SetsMethodsThatChangeWithTheLengthApart) {
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

TEST(Summary, TabulatesAControlWithoutClaims) {
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

TEST(Summary, CertifiesNoLengthWithTheNeedleAtAFixedToken) {
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

TEST(Summary, CertifiesNoLengthWhenTrialsShareABook) {
  Runs runs = retrieval_runs();
  Json eval = retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50);
  eval["hay"] = {"a.txt"};
  runs.design = make_design(experiment_of(two_methods, Json::array({eval})), identity(), "test");
  for (Row& row : runs.rows) row.retrieval->source = fmt::format("a.txt#{}", row.retrieval->trial);
  const Summary shared = summarize(runs);
  EXPECT_THAT(line_with(shared.effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,,,,,dependent_trials,4096,not certifiable: trials share a source"));
  EXPECT_THAT(shared.warnings, testing::ElementsAre(HasSubstr("give one document per trial")));
  for (Row& row : runs.rows) row.retrieval->source = fmt::format("{}#1", row.retrieval->trial);
  EXPECT_THAT(line_with(summarize(runs).effective_length_csv, {"yarn", "L_cert,"}),
              HasSubstr("L_cert,8192,"));
}

TEST(Summary, GivesMethodsWithOneChainTheSameRows) {
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

TEST(Summary, WarnsOfMixedNumerics) {
  Runs runs = retrieval_runs();
  runs.rows.front().kernel = "another";
  EXPECT_THAT(summarize(runs).warnings,
              testing::ElementsAre("rows of different numerics stand in one summary: another; "
                                   "reference, float32"));
}

TEST(Summary, CitesTheMethodsItUsed) {
  const std::string text = summarize(retrieval_runs()).methods_txt;
  EXPECT_THAT(text, HasSubstr("SHA-256 of the weights w, of the tokenizer t"));
  EXPECT_THAT(text, HasSubstr("Certifying a length needs >= 47 of 50 at tau 0.85"));
  EXPECT_THAT(text, HasSubstr("@"));
  EXPECT_THAT(text, HasSubstr("YaRN"));
}

// Perplexity: eight documents of 64 targets; a file's name says which NLL it holds.

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
              HasSubstr("ppl_not_worse,16384,,,,all_lengths,,every length shown"));
  EXPECT_THAT(line_with(csv, {"yarn", "better"}),
              HasSubstr("ppl_better,8192,,,,not_shown,16384,not shown at 16384"));
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
  EXPECT_EQ(message_of([&] { summarize(runs); }),
            "rows.jsonl: ppl/fixed-target/1: 3.txt stands for two different texts; methods are "
            "compared on identical documents only");
}

TEST(PerplexitySummary, SaysWhereTheNllLiesByPosition) {
  const std::string csv = summarize(perplexity_runs(curves)).position_nll_csv;
  // The last 64 of 8192 tokens, in buckets of half the trained length, eight documents.
  EXPECT_THAT(line_with(csv, {"yarn", ",8192,"}), HasSubstr(",8192,6144,8192,512,3."));
}

// Run directories.

void write_run(const std::filesystem::path& folder, const Json& experiment, const Json& who,
               const std::vector<Row>& rows) {
  const auto storage = posix_storage();
  RunDirectory directory(folder, *storage, experiment, who, Json{{"host", "h"}});
  directory.finish("group", rows, 1, 1);
  directory.commit();
}

TEST(Runs, OfSeveralDirectoriesAreOneExperimentWhateverTheirOrder) {
  const Json experiment = experiment_of(
      two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096, 8192, 16384}, 50)}));
  const std::vector<Row> rows = retrieval_runs().rows;
  const tests::TemporaryFolder folder;
  write_run(folder.path() / "whole", experiment, identity(), rows);
  const std::vector<Row> odd(rows.begin(), rows.begin() + 120);
  std::vector<Row> even(rows.begin() + 100, rows.end());
  even.front().status = Status::out_of_memory;  // answered in the other directory
  write_run(folder.path() / "a", experiment, identity(), odd);
  write_run(folder.path() / "b", experiment, identity(), even);
  const std::string bytes = all_bytes(summarize(read_runs({folder.path() / "whole"})));
  EXPECT_EQ(all_bytes(summarize(read_runs({folder.path() / "a", folder.path() / "b"}))), bytes);
  EXPECT_EQ(all_bytes(summarize(read_runs({folder.path() / "b", folder.path() / "a"}))), bytes);
}

TEST(Runs, OfDifferentWeightsAreNotOneExperiment) {
  const Json experiment =
      experiment_of(two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096}, 50)}));
  Json other = identity();
  other["weights"] = "v";
  const tests::TemporaryFolder folder;
  write_run(folder.path() / "a", experiment, identity(), {});
  write_run(folder.path() / "b", experiment, other, {});
  const std::string a = (folder.path() / "a").string();
  const std::string b = (folder.path() / "b").string();
  EXPECT_EQ(message_of([&] {
              read_runs({b, a});
            }),
            b + ": /identity/weights: is \"v\", in " + a +
                " it is \"w\"; summarize only parts of one experiment together");
}

TEST(Runs, RefuseRowsThatTheExperimentDoesNotAskFor) {
  const Json experiment =
      experiment_of(two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096}, 50)}));
  const tests::TemporaryFolder folder;
  Row row = trial_row("plain", 4096, 0, true);
  row.protocol = "kv/json/1/per-length";
  write_run(folder.path() / "a", experiment, identity(), {row});
  EXPECT_EQ(message_of([&] { read_runs({folder.path() / "a"}); }),
            "rows.jsonl: /protocol: the experiment does not ask for kv/json/1/per-length");
}

}  // namespace
}  // namespace sweep
