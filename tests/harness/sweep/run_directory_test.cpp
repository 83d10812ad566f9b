#include "harness/sweep/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/npy.h"
#include "tests/harness/sweep/run_directory_fixture.h"
#include "tests/support/error_text.h"

namespace sweep {
namespace {

using base::Json;
using testing::HasSubstr;

TEST_F(RunDirectoryTest, GivesBackWhatWasCommitted) {
  {
    auto run = open();
    run->finish("g", {row("a"), row("b", false)}, 1.5, 4096);
    run->commit();
  }
  const auto run = open();
  ASSERT_EQ(run->rows().size(), 2u);
  EXPECT_TRUE(run->rows().at("a").retrieval->hit);
  EXPECT_FALSE(run->rows().at("b").retrieval->hit);
  EXPECT_EQ(run->rows().at("b").retrieval->depth, 0.25);
}

TEST_F(RunDirectoryTest, DropsATornLastLineAndGoesOnBehindIt) {
  {
    auto run = open();
    run->finish("g", {row("a")}, 1, 1);
    run->commit();
  }
  append("rows.jsonl", to_line(row("b")).substr(0, 40));
  {
    auto run = open();
    EXPECT_EQ(run->rows().size(), 1u);
    run->finish("g", {row("c")}, 1, 1);
    run->commit();
  }
  EXPECT_EQ(open()->rows().size(), 2u);
}

TEST_F(RunDirectoryTest, NamesTheLineThatIsNoRow) {
  { open(); }
  append("rows.jsonl", to_line(row("a")) + "\n{\"cell\": 3}\n");
  EXPECT_THAT(tests::error_text([&] { open(); }), HasSubstr("rows.jsonl:2: not a row"));
}

TEST_F(RunDirectoryTest, ALaterRowOfACellCounts) {
  {
    auto run = open();
    run->finish("g", {row("a", false)}, 1, 1);
    run->finish("g", {row("a", true)}, 1, 1);
    run->commit();
  }
  EXPECT_TRUE(open()->rows().at("a").retrieval->hit);
  EXPECT_EQ(read_rows(folder_).size(), 1u);
}

TEST_F(RunDirectoryTest, RefusesAnotherIdentityAndNamesWhatDiffers) {
  { open({{"weights", "w"}, {"corpora", {{"a.txt", "1"}, {"b.txt", "2"}}}}); }
  const std::string message = tests::error_text([&] {
    open({{"weights", "v"}, {"corpora", {{"a.txt", "1"}, {"b.txt", "3"}}}});
  });
  EXPECT_THAT(message, HasSubstr("/identity/weights: the directory holds results for \"w\", this "
                                 "run has \"v\"; give another --out"));
  EXPECT_THAT(message, HasSubstr("/identity/corpora/b.txt"));
  EXPECT_THAT(message, testing::Not(HasSubstr("a.txt")));
}

TEST_F(RunDirectoryTest, NamesTheFieldsOfTheExperimentThatDiffer) {
  const auto with = [&](const Json& experiment, const char* hash) {
    RunDirectory(folder_, *storage_, experiment, Json{{"experiment", hash}}, Json());
  };
  const Json first = {
      {"seed", 1}, {"model", "here"}, {"evals", {{{"depths", 5}, {"hay", "a"}}, {{"depths", 10}}}}};
  Json second = first;
  second["seed"] = 2;
  second["model"] = "there";
  second["evals"][1]["depths"] = 20;
  second["evals"][0]["hay"] = "b";
  with(first, "one");
  const std::string message = tests::error_text([&] { with(second, "two"); });
  EXPECT_THAT(message, HasSubstr("/seed: the directory holds results for 1, this run has 2"));
  EXPECT_THAT(message, HasSubstr("/evals/1/depths: the directory holds results for 10"));
  EXPECT_THAT(message, testing::Not(HasSubstr("here")));
  EXPECT_THAT(message, testing::Not(HasSubstr("/hay")));
}

TEST_F(RunDirectoryTest, NamesTheProcessesThatComputedRowsAndNoOthers) {
  const auto compute = [&](const char* process, const std::vector<Row>& rows) {
    RunDirectory run(folder_, *storage_, Json{{"seed", 1}}, Json{{"weights", "w"}},
                     Json{{"process", process}});
    for (const Row& row : rows) {
      run.finish("g", {row}, 1, 1);
      run.commit();
    }
  };
  compute("first", {row("a"), row("b")});
  compute("idle", {});
  compute("second", {row("c")});
  const Json manifest = Json::parse(base::read_file(folder_ / "manifest.json"));
  EXPECT_EQ(manifest.at("provenance"),
            Json::parse(R"([{"process": "first"}, {"process": "second"}])"));
}

TEST_F(RunDirectoryTest, TakesRowsTogetherWithTheProcessesThatComputedThem) {
  {
    auto run = open();
    run->finish("g", {row("a")}, 1, 1);
    run->commit();
  }
  const fs::path other = temporary_.path() / "other";
  RunDirectory(other, *storage_, Json{{"seed", 1}}, Json{{"weights", "w"}}, Json{{"host", "i"}})
      .adopt({row("a")}, folder_);
  EXPECT_EQ(Json::parse(base::read_file(other / "manifest.json")).at("provenance"),
            Json::parse(R"([{"host": "h"}])"));
  ASSERT_EQ(read_rows(other).size(), 1u);
}

TEST_F(RunDirectoryTest, DoesNotWriteOverAnExperimentThatNoRunWrote) {
  fs::create_directory(folder_);
  append("experiment.json", "{\"seed\":  1}");
  const std::string refusal = (folder_ / "experiment.json").string() +
                              ": is of no run and would be written over; give another --out";
  EXPECT_EQ(tests::error_text([&] { open(); }), refusal);
  EXPECT_EQ(tests::error_text([&] {
              require_same_run(folder_, Json{{"seed", 1}}, Json{{"weights", "w"}});
            }),
            refusal);
  EXPECT_EQ(base::read_file(folder_ / "experiment.json"), "{\"seed\":  1}");
  EXPECT_FALSE(fs::exists(folder_ / "manifest.json"));
}

TEST_F(RunDirectoryTest, RefusesAManifestThatIsNone) {
  fs::create_directory(folder_);
  append("manifest.json", "[]");
  EXPECT_EQ(tests::error_text([&] { open(); }),
            (folder_ / "manifest.json").string() + ": is no manifest; give another --out");
}

TEST_F(RunDirectoryTest, OneProcessAtATime) {
  const auto first = open();
  EXPECT_THAT(tests::error_text([&] { open(); }), HasSubstr("another process is writing"));
}

TEST_F(RunDirectoryTest, CountsTheDeathsOfAGroupButNotItsStopsNorRowsLostWithTheProcess) {
  {
    auto run = open();
    run->begin("stopped");
    run->give_up("stopped");
    run->begin("finished");
    run->finish("finished", {row("a")}, 1, 1);  // and never committed
    run->finish("skipped", {row("b")}, 1, 1);   // and never begun
    run->begin("dies");
  }
  {
    auto run = open();
    EXPECT_TRUE(run->rows().empty());
    EXPECT_EQ(run->deaths("dies"), 1);
    EXPECT_EQ(run->deaths("stopped"), 0);
    EXPECT_EQ(run->deaths("finished"), 0);
    EXPECT_EQ(run->deaths("skipped"), 0);
    EXPECT_EQ(run->deaths("never begun"), 0);
    run->begin("dies");
  }
  EXPECT_EQ(open()->deaths("dies"), 2);
}

/// Bytes that a forward could have between two layers.
std::vector<std::byte> state(size_t size, int value) {
  return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

TEST_F(RunDirectoryTest, GivesTheLastSavedStateToTheNextProcess) {
  using namespace std::chrono_literals;
  {
    auto run = open();
    const auto snapshots = run->snapshots("group", "kernel", 0s);
    auto nothing = state(8, 0);
    EXPECT_FALSE(snapshots->load("pass", nothing));
    snapshots->offer("pass", 1, state(8, 1));
    snapshots->offer("pass", 10, state(8, 10));
    snapshots->offer("pass", 9, state(8, 9));  // a later life began anew: its word counts
    snapshots->offer("another", 3, state(4, 3));
  }
  auto run = open();
  auto found = state(8, 0);
  EXPECT_EQ(run->snapshots("group", "kernel", 0s)->load("pass", found), 9);
  EXPECT_EQ(found, state(8, 9));
  auto longer = state(9, 0);
  EXPECT_FALSE(run->snapshots("group", "kernel", 0s)->load("pass", longer));
  EXPECT_FALSE(run->snapshots("group", "another kernel", 0s)->load("pass", found));
  EXPECT_FALSE(run->snapshots("another group", "kernel", 0s)->load("pass", found));
  run->snapshots("group", "kernel", 0s)->clear();
  EXPECT_FALSE(run->snapshots("group", "kernel", 0s)->load("pass", found));
  EXPECT_TRUE(fs::is_empty(folder_ / "snapshots"));
}

TEST_F(RunDirectoryTest, TakesADamagedStateForNone) {
  using namespace std::chrono_literals;
  auto run = open();
  const auto snapshots = run->snapshots("group", "kernel", 0s);
  snapshots->offer("pass", 1, state(8, 1));
  const fs::path folder = fs::directory_iterator(folder_ / "snapshots")->path();
  const fs::path file = fs::directory_iterator(folder)->path();
  std::ofstream(file, std::ios::binary) << std::string(8, '\2');
  auto found = state(8, 0);
  EXPECT_FALSE(snapshots->load("pass", found));
  EXPECT_EQ(found, state(8, 0));
}

TEST_F(RunDirectoryTest, PassesOverStatesThatComeTooSoon) {
  auto run = open();
  const auto snapshots = run->snapshots("group", "kernel", std::chrono::hours(1));
  snapshots->offer("pass", 1, state(8, 1));
  auto found = state(8, 0);
  EXPECT_FALSE(snapshots->load("pass", found));
}

TEST_F(RunDirectoryTest, AStateThatWasSavedForgivesTheDeathsBefore) {
  using namespace std::chrono_literals;
  open()->begin("group");
  {
    auto run = open();
    run->begin("group");
    run->snapshots("group", "kernel", 0s)->offer("pass", 1, state(8, 1));
  }
  EXPECT_EQ(open()->deaths("group"), 0);
  open()->begin("group");
  EXPECT_EQ(open()->deaths("group"), 1);
}

TEST_F(RunDirectoryTest, StoresLogProbabilitiesOnceAndReadsThemBack) {
  auto run = open();
  const std::vector<float> values = {-1.5f, -0.25f, 0.0f};
  EXPECT_EQ(run->store_nll("abc", values), "nll/abc.npy");
  EXPECT_EQ(run->store_nll("abc", {1.0f}), "nll/abc.npy");
  EXPECT_EQ(read_npy(run->nll_file("abc")), values);
}

TEST_F(RunDirectoryTest, RefusesANllFileThatIsCut) {
  auto run = open();
  run->store_nll("abc", {1, 2, 3});
  fs::resize_file(run->nll_file("abc"), fs::file_size(run->nll_file("abc")) - 4);
  EXPECT_THAT(tests::error_text([&] { read_npy(run->nll_file("abc")); }),
              HasSubstr("abc.npy: does not"));
}

}  // namespace
}  // namespace sweep
