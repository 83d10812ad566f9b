#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <numeric>

#include "harness/base/error.h"
#include "no_room.h"
#include "tests/support/error_text.h"
#include "train_fixture.h"

namespace training {
namespace {

using ::testing::HasSubstr;

TEST_F(TrainTest, AKilledAndResumedRunEndsWithTheBitsOfAnUninterruptedOne) {
  base::Json config = micro_config();
  const auto in_a_child = [&](const std::string& name, const TrainHooks& hooks) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        train_into(name, config, hooks);
        _exit(0);
      } catch (const base::Error& error) {
        _exit(error.fault() == base::Fault::cancelled ? 4 : 1);
      }
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  };
  ASSERT_EQ(in_a_child("whole", {}), 0);

  int64_t step = 0;
  TrainHooks stop_at_20;  // saves
  stop_at_20.report = [&](const TrainProgress& progress) { step = progress.step; };
  stop_at_20.cancelled = [&] { return step == 20; };
  EXPECT_EQ(WEXITSTATUS(in_a_child("broken", stop_at_20)), 4);
  TrainHooks die_at_31;  // eleven steps after the last checkpoint
  die_at_31.report = [](const TrainProgress& progress) {
    if (progress.step == 31) kill(getpid(), SIGKILL);
  };
  EXPECT_TRUE(WIFSIGNALED(in_a_child("broken", die_at_31)));
  ASSERT_TRUE(std::filesystem::exists(out("broken") / "checkpoint.safetensors"));
  ASSERT_FALSE(std::filesystem::exists(out("broken") / "model.safetensors"));
  ASSERT_EQ(in_a_child("broken", {}), 0);

  EXPECT_EQ(base::read_file(out("broken") / "model.safetensors"),
            base::read_file(out("whole") / "model.safetensors"));
  std::ifstream log(out("broken") / "log.jsonl");
  std::vector<int64_t> steps;
  for (std::string line; std::getline(log, line);) {
    steps.push_back(base::Json::parse(line).at("step").get<int64_t>());
  }
  std::vector<int64_t> all(52);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(steps, all);
}

TEST_F(TrainTest, AFullDiskStopsTheRunAndTheNextOneGoesOnFromThePreviousCheckpoint) {
  base::Json config = micro_config();
  config["checkpoint_seconds"] = 0;  // after every step
  config["phases"] = {{{"length", 64}, {"tokens", 10240}, {"mixture", {{"text", 1}}}}};
  std::unique_ptr<NoRoom> no_room;
  TrainHooks fill_the_disk;
  fill_the_disk.report = [&](const TrainProgress& progress) {
    if (progress.step == 5) no_room = std::make_unique<NoRoom>(1000);
  };
  try {
    train_into("model", config, fill_the_disk);
    ADD_FAILURE() << "half a checkpoint was taken for a whole one";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::io);
  }
  no_room.reset();
  std::vector<std::string> notes;
  TrainHooks listen;
  listen.note = [&](const std::string& line) { notes.push_back(line); };
  train_into("model", config, listen);
  EXPECT_THAT(notes, ::testing::Contains("resumed at step 4"));
  EXPECT_TRUE(std::filesystem::exists(out("model") / "model.safetensors"));
}

TEST_F(TrainTest, StopsBeforeALossThatIsNotFinite) {
  base::Json config = micro_config();
  config["optimizer"] = {{"learning_rate", 1e30}, {"warmup_steps", 0}};
  try {
    train_into("model", config);
    ADD_FAILURE() << "a diverged run went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::cancelled);
    EXPECT_THAT(error.what(), HasSubstr("last good checkpoint"));
  }
}

TEST_F(TrainTest, ARunThatEndedBeforeItsFirstCheckpointIsBegunAnew) {
  base::Json wrong = one_step_config(500000);  // no text is that long: found behind the tokenizer
  for (const char* key : {"tokens", "batch_tokens"}) wrong["phases"][0][key] = 500000;
  wrong["model"]["vocabulary"] = 380;
  EXPECT_THROW(train_into("again", wrong), base::Error);
  ASSERT_TRUE(std::filesystem::exists(out("again") / "tokenizer.model"));
  train_into("again", one_step_config(64));
  train_into("once", one_step_config(64));
  for (const char* name : {"tokenizer.model", "model.safetensors", "train_config.json"}) {
    EXPECT_EQ(base::read_file(out("again") / name), base::read_file(out("once") / name)) << name;
  }
}

TEST_F(TrainTest, AnotherConfigDoesNotContinueACheckpoint) {
  base::Json config = micro_config();
  TrainHooks stop;
  stop.cancelled = [] { return true; };
  EXPECT_THROW(train_into("model", config, stop), base::Error);
  train_into("other", one_step_config(64));
  const auto before = files_of(out("model"));
  config["optimizer"]["learning_rate"] = 1e-3;
  base::Json continued = config;
  continued.erase("model");
  const std::string cause = "another config, corpus or starting model";
  EXPECT_THAT(tests::error_text([&] { train_into("model", config); }), HasSubstr(cause));
  EXPECT_THAT(tests::error_text([&] { train_into("model", continued, {}, out("other")); }),
              HasSubstr(cause));
  EXPECT_EQ(files_of(out("model")), before);
}

}  // namespace
}  // namespace training
