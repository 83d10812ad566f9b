#include "harness/model/training/train_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "no_room.h"
#include "small_corpus.h"

namespace training {
namespace {

checkpoint::LlamaSpec tiny_spec() {
  checkpoint::LlamaSpec spec;
  spec.vocabulary = 300;
  spec.hidden = 16;
  spec.intermediate = 24;
  spec.layers = spec.heads = spec.kv_heads = 1;
  spec.head_dim = spec.rotary_dim = 16;
  spec.tied_embeddings = true;
  return spec;
}

class TrainStateTest : public ::testing::Test {
 protected:
  TrainStateTest() : folder_("train_state"), path_(folder_.path() / "checkpoint.safetensors") {}

  ScratchFolder folder_;
  std::filesystem::path path_;
};

TEST_F(TrainStateTest, ComesBackBitByBit) {
  TrainableLlama saved(tiny_spec(), at::kFloat, 1);
  for (Parameter& parameter : saved.parameters()) {
    parameter.mean.uniform_();
    parameter.square.uniform_();
  }
  save_state(path_, saved, {17, 3.25, 2, 1.5}, "identity");
  TrainableLlama loaded(tiny_spec(), at::kFloat, 2);
  const auto state = load_state(path_, loaded, "identity");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->step, 17);
  EXPECT_EQ(state->smoothed_loss, 3.25);
  EXPECT_EQ(state->steps_in_spike, 2);
  for (size_t i = 0; i < saved.parameters().size(); ++i) {
    EXPECT_TRUE(at::equal(saved.parameters()[i].master, loaded.parameters()[i].master));
    EXPECT_TRUE(at::equal(saved.parameters()[i].compute, loaded.parameters()[i].compute));
    EXPECT_TRUE(at::equal(saved.parameters()[i].mean, loaded.parameters()[i].mean));
    EXPECT_TRUE(at::equal(saved.parameters()[i].square, loaded.parameters()[i].square));
  }
}

TEST_F(TrainStateTest, IsNothingWhereNoneWasSaved) {
  TrainableLlama model(tiny_spec(), at::kFloat, 1);
  EXPECT_FALSE(load_state(path_, model, "identity"));
}

TEST_F(TrainStateTest, RefusesAnotherRunsCheckpointAndADamagedOne) {
  TrainableLlama model(tiny_spec(), at::kFloat, 1);
  save_state(path_, model, {}, "identity");
  EXPECT_THROW(load_state(path_, model, "another"), base::Error);
  const std::string bytes = base::read_file(path_);
  std::ofstream(path_, std::ios::binary) << bytes.substr(0, bytes.size() - 4);
  EXPECT_THROW(load_state(path_, model, "identity"), base::Error);
}

TEST_F(TrainStateTest, AFullDiskLeavesThePreviousCheckpoint) {
  TrainableLlama model(tiny_spec(), at::kFloat, 1);
  save_state(path_, model, {3, 0, 0, 0}, "identity");
  const std::string before = base::read_file(path_);
  model.parameters()[0].master.add_(1.0);
  {
    const NoRoom no_room(before.size() / 2);
    try {
      save_state(path_, model, {4, 0, 0, 0}, "identity");
      ADD_FAILURE() << "half a checkpoint was taken for a whole one";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.fault(), base::Fault::io);
    }
  }
  EXPECT_EQ(base::read_file(path_), before);
  EXPECT_EQ(load_state(path_, model, "identity")->step, 3);
}

}  // namespace
}  // namespace training
