#include "harness/model/training/train_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "small_corpus.h"
#include "tests/support/error_text.h"

namespace training {
namespace {

using ::testing::HasSubstr;

class TrainConfigTest : public ::testing::Test {
 protected:
  TrainConfigTest() : folder_("train_config") { write_small_corpus(folder_.path()); }

  TrainConfig read(const base::Json& config) const {
    return read_train_config(write_config(folder_.path(), config));
  }

  std::string message(const base::Json& config) const {
    return tests::error_text([&] { read(config); });
  }

  ScratchFolder folder_;
};

TEST_F(TrainConfigTest, ReadsWhatItSaysAndTheDefaultsOfTheRest) {
  const TrainConfig config = read(micro_config());
  EXPECT_EQ(config.model->kv_heads, 2);
  EXPECT_EQ(config.model->rope_theta, 10000);
  ASSERT_EQ(config.corpus.size(), 2u);
  EXPECT_EQ(config.corpus[0].filename(), "one.txt");
  EXPECT_EQ(config.longest(), 320);
  EXPECT_EQ(config.total_tokens(), 40960 + 25600);
  EXPECT_EQ(config.optimizer.beta2, 0.95);
  EXPECT_FALSE(config.bfloat16);
  EXPECT_EQ(config.sources.at("passkey").answer_weight, 10);
  EXPECT_EQ(config.sources.at("text").filler_weight, 1);
}

TEST_F(TrainConfigTest, RoundsPhasesUpToWholeBatches) {
  base::Json config = micro_config();
  config["phases"] = {
      {{"length", 100}, {"tokens", 1001}, {"batch_tokens", 550}, {"mixture", {{"text", 1}}}}};
  EXPECT_EQ(read(config).total_tokens(), 1500);  // three batches of five sequences
}

TEST_F(TrainConfigTest, ReportsEveryProblemWithItsPath) {
  base::Json config = micro_config();
  config["sead"] = 3;
  config["model"]["kv_heads"] = 3;
  config["sources"]["copy"]["block"] = {9, 4};
  config["phases"][0]["mixture"] = {{"poems", 1}};
  config["phases"][1]["batch_tokens"] = 100;
  config["optimizer"]["learning_rate"] = -1;
  config["scaling"] = {{{"type", "yarn"}, {"factor", 0.5}}};
  const std::string text = message(config);
  for (const char* place :
       {"/sead", "/model/kv_heads", "/sources/copy/block", "/phases/0/mixture/poems",
        "/phases/1/batch_tokens", "/optimizer/learning_rate", "/scaling/0/factor"}) {
    EXPECT_THAT(text, HasSubstr(place));
  }
}

TEST_F(TrainConfigTest, NamesAMissingCorpusAndTheScriptThatInstallsIt) {
  base::Json config = micro_config();
  config["corpus"] = {"nowhere"};
  EXPECT_THAT(message(config), HasSubstr("nowhere does not exist; scripts/corpora"));
}

TEST_F(TrainConfigTest, RefusesAFolderWithoutText) {
  std::filesystem::create_directories(folder_.path() / "empty");
  base::Json config = micro_config();
  config["corpus"] = {"empty"};
  EXPECT_THAT(message(config), HasSubstr("holds no *.txt"));
}

}  // namespace
}  // namespace training
