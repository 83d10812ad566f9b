#include "harness/sweep/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/npy.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using base::Json;
using testing::HasSubstr;

Row row(const std::string& cell, bool hit = true) {
  Row row;
  row.cell = cell;
  row.method = "plain";
  row.protocol = "passkey/landmark";
  row.length = 4096;
  row.retrieval = RetrievalResult{.depth = 0.25,
                                  .depth_index = 2,
                                  .trial = 7,
                                  .source = {},
                                  .prompt_sha256 = "p",
                                  .hit = hit,
                                  .token_hits = {},
                                  .argmax = {},
                                  .ranks = {},
                                  .log_probs = {}};
  return row;
}

class RunDirectoryTest : public testing::Test {
 protected:
  std::unique_ptr<RunDirectory> open(const Json& identity = {{"weights", "w"}}) {
    return std::make_unique<RunDirectory>(folder_, *storage_, Json{{"seed", 1}}, identity,
                                          Json{{"host", "h"}});
  }
  void append(const std::string& file, const std::string& bytes) {
    std::ofstream(folder_ / file, std::ios::app | std::ios::binary) << bytes;
  }

  const tests::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "run";
  const std::unique_ptr<Storage> storage_ = posix_storage();
};

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

/// Storage that forgets, like a machine that loses power: what was appended and not synced is gone,
/// after a given number of operations everything fails.
class FailingStorage : public Storage {
 public:
  FailingStorage(Storage& real, int64_t operations) : real_(real), left_(operations) {}

  std::unique_ptr<AppendFile> open_append(const fs::path& file) override {
    return std::make_unique<File>(*this, file);
  }
  void replace(const fs::path& file, std::string_view bytes) override {
    spend();
    real_.replace(file, bytes);
  }
  void truncate(const fs::path& file, uintmax_t size) override {
    spend();
    real_.truncate(file, size);
  }
  void spend() {
    if (left_-- <= 0) {
      throw base::Error(base::Fault::io, "disk", base::Problem{"", "power is gone", ""});
    }
  }

 private:
  class File : public AppendFile {
   public:
    File(FailingStorage& storage, fs::path file)
        : storage_(storage), name_(std::move(file)), file_(storage.real_.open_append(name_)) {}
    void append(std::string_view bytes) override {
      // The operation that fails has written half.
      try {
        storage_.spend();
      } catch (const base::Error&) {
        file_->append(bytes.substr(0, bytes.size() / 2));
        throw;
      }
      unsynced_ += bytes;
    }
    void sync() override {
      storage_.spend();
      file_->append(unsynced_);
      file_->sync();
      unsynced_.clear();
    }

   private:
    FailingStorage& storage_;
    const fs::path name_;
    const std::unique_ptr<AppendFile> file_;
    std::string unsynced_;
  };

  Storage& real_;
  int64_t left_;
};

TEST_F(RunDirectoryTest, WhatWasReportedDoneIsThereAfterPowerFailsAtAnyOperation) {
  for (int64_t operations = 0; operations < 46; ++operations) {
    fs::remove_all(folder_);
    int64_t reported = 0;
    bool failed = false;
    try {
      FailingStorage storage(*storage_, operations);
      RunDirectory run(folder_, storage, Json{{"seed", 1}}, Json{{"weights", "w"}}, Json{});
      for (int64_t i = 0; i < 6; ++i) {
        const std::string id = std::to_string(i);
        run.begin(id);
        run.store_nll(id, {1.0f});
        run.finish(id, {row("x" + id), row("y" + id)}, 1, 1);
        run.commit();
        reported = run.committed();
      }
    } catch (const base::Error&) {
      failed = true;
    }
    ASSERT_EQ(failed, operations < 39) << "the loop must cross every operation";
    const auto run = open();
    EXPECT_GE(static_cast<int64_t>(run->rows().size()), reported) << operations;
    for (const auto& [cell, found] : run->rows()) {
      EXPECT_TRUE(run->has_nll(cell.substr(1))) << "a row names a file that is not there";
    }
  }
}

}  // namespace
}  // namespace sweep
