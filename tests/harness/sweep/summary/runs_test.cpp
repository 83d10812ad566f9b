#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/run_directory.h"
#include "tests/harness/sweep/summary/fixtures.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

using base::Json;

void write_run(const std::filesystem::path& folder, const Json& experiment, Json who,
               const std::vector<Row>& rows) {
  who["experiment"] = fingerprint(experiment);
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
  EXPECT_EQ(tests::error_text([&] {
              read_runs({b, a});
            }),
            b + ": /identity/weights: is \"v\", in " + a +
                " it is \"w\"; summarize only parts of one experiment together");
}

TEST(Runs, OfAnExperimentThatWasChangedSinceAreRefused) {
  Json experiment =
      experiment_of(two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096}, 50)}));
  const tests::TemporaryFolder folder;
  write_run(folder.path(), experiment, identity(), {});
  const std::filesystem::path file = folder.path() / "experiment.json";
  experiment["model"] = "the/same/elsewhere";
  base::write_file_atomically(file, experiment.dump());
  EXPECT_EQ(tests::error_text([&] { read_runs({folder.path()}); }), "no error");
  experiment["tau"] = 0.4;
  base::write_file_atomically(file, experiment.dump());
  EXPECT_EQ(tests::error_text([&] { read_runs({folder.path()}); }),
            file.string() +
                ": is not what was run: its hash is another than that in manifest.json; restore "
                "it; what it asks now can be swept into a directory of its own, with --from this "
                "one");
}

TEST(Runs, RefuseRowsThatTheExperimentDoesNotAskFor) {
  const Json experiment =
      experiment_of(two_methods, Json::array({retrieval_eval({"plain", "yarn"}, {4096}, 50)}));
  const tests::TemporaryFolder folder;
  Row row = trial_row("plain", 4096, 0, true);
  row.protocol = "kv/json/1/per-length";
  write_run(folder.path() / "a", experiment, identity(), {row});
  EXPECT_EQ(tests::error_text([&] { read_runs({folder.path() / "a"}); }),
            "rows.jsonl: /protocol: the experiment does not ask for kv/json/1/per-length");
}

// Run directories as they were written when their schema was current; never made anew. A new
// schema gets a folder of its own beside them.
namespace fs = std::filesystem;
const fs::path old_runs = fs::path(ROPEWALK_SOURCE_DIR) / "tests/harness/sweep/runs";

std::vector<std::string> schema_versions() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(old_runs)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

class OldRun : public testing::TestWithParam<std::string> {
 protected:
  const fs::path folder_ = old_runs / GetParam();
};

TEST_P(OldRun, IsSummarizedToTheTablesThatLieBesideIt) {
  const Summary summary = summarize(read_runs({folder_}));
  EXPECT_EQ(summary.summary_csv, base::read_file(folder_ / "summary.csv"));
  EXPECT_EQ(summary.effective_length_csv, base::read_file(folder_ / "effective_length.csv"));
  EXPECT_EQ(summary.comparison_csv, base::read_file(folder_ / "comparison.csv"));
  EXPECT_EQ(summary.position_nll_csv, base::read_file(folder_ / "position_nll.csv"));
}

TEST_P(OldRun, CanBeResumed) {
  const tests::TemporaryFolder copy;
  fs::copy(folder_, copy.path(), fs::copy_options::recursive);
  const Json manifest = Json::parse(base::read_file(folder_ / "manifest.json"));
  const Json experiment = Json::parse(base::read_file(folder_ / "experiment.json"));
  const auto storage = posix_storage();
  const RunDirectory resumed(copy.path(), *storage, experiment, manifest.at("identity"), Json());
  EXPECT_EQ(resumed.rows().size(), read_rows(folder_).size());
}

INSTANTIATE_TEST_SUITE_P(Schema, OldRun, testing::ValuesIn(schema_versions()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace sweep
