#include "harness/checkpoint/audit/consistency.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "tests/harness/checkpoint/audit/hostile_folder.h"
#include "tests/support/random_checkpoint.h"

namespace audit {
namespace {

namespace fs = std::filesystem;

TEST_F(Hostile, AConfigOfOtherWeightsIsAContradiction) {
  tests::write_random_checkpoint({.spec = tests::small_spec()}, home_);
  base::Json config = base::Json::parse(base::read_file(home_ / "config.json"));
  config["num_hidden_layers"] = 3;
  config["vocab_size"] = 300;
  config["num_key_value_heads"] = 4;
  put("config.json", config.dump());
  EXPECT_EQ(found(report(), "config-contradicts-tensors"),
            (Lines{"error config.json: num_hidden_layers: 3", "error config.json: vocab_size: 300",
                   "error config.json: num_key_value_heads x head_dim: 64"}));
}

TEST_F(Hostile, StoredRotaryTablesAreReported) {
  put("tensors.json", base::read_file(fs::path(ROPEWALK_SOURCE_DIR) /
                                      "configs/checkpoints/yi-6b-200k-2024-03/tensors.json"));
  put("config.json", base::read_file(fs::path(ROPEWALK_SOURCE_DIR) /
                                     "configs/checkpoints/yi-6b-200k-2024-03/config.json"));
  EXPECT_EQ(found(report(), "stored-inv-freq"),
            Lines{"warning tensors.json: model.layers.0.self_attn.rotary_emb.inv_freq: 32 tensors, "
                  "BF16"});
}

}  // namespace
}  // namespace audit
