#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "harness/base/file.h"
#include "tests/harness/checkpoint/audit/hostile_folder.h"
#include "tests/support/error_text.h"

namespace audit {
namespace {

namespace fs = std::filesystem;

TEST_F(Hostile, AFolderWithNothingOfACheckpointIsAnError) {
  const std::string error = home_.string() +
                            ": has neither config.json nor weights: there is nothing to audit; "
                            "name a Hugging Face folder "
                            "with config.json and *.safetensors, or a .gguf file itself";
  EXPECT_EQ(tests::error_text([&] { report(); }), error);
  fs::create_directory(home_ / "a-checkpoint");  // the folder of checkpoints, not one of them
  put("README.md", "# Checkpoints");
  EXPECT_EQ(tests::error_text([&] { report(); }), error);
  put("pytorch_model.bin", "PK");
  const Report made = report();
  EXPECT_EQ(made.verdict, Verdict::unread);
  EXPECT_EQ(found(made, "no-config").size(), 1u);
}

TEST_F(Hostile, WhatCannotBeReadIsAFinding) {
  put("config.json", "{\"hidden_size\": 1, \"hidden_size\": 2}");
  put("tokenizer_config.json", "[]");
  put("model.safetensors", std::string(8, '\xff'));
  EXPECT_EQ(
      found(report(), "unreadable"),
      (Lines{"error config.json: /hidden_size: duplicate key",
             "error tokenizer_config.json: : must be an object (got [])",
             "error model.safetensors: byte 0: claims a header of 18446744073709551615 bytes, "
             "above the format's limit of 100000000"}));
}

TEST_F(Hostile, AnIndexThatLeavesTheFolderIsReported) {
  put("model.safetensors.index.json",
      R"({"weight_map": {"a": "../../secret.safetensors", "b": "/secret.safetensors"}})");
  EXPECT_EQ(
      found(report(), "unreadable"),
      (Lines{"error model.safetensors.index.json: /weight_map/a: \"../../secret.safetensors\" "
             "is not a plain file name",
             "error model.safetensors.index.json: /weight_map/b: \"/secret.safetensors\" is "
             "not a plain file name"}));
}

// As a pipeline of stages names its layers.
TEST_F(Hostile, AnotherNumberBeforeTheLayersIsNoLayer) {
  std::string table = base::read_file(fs::path(ROPEWALK_SOURCE_DIR) /
                                      "configs/checkpoints/llama-2-7b/tensors.json");
  for (const std::string start : {"\"model.", "\"lm_head"}) {
    for (size_t at = 0; (at = table.find(start, at)) != table.npos; at += start.size()) {
      table.insert(at + 1, "stage.0.");
    }
  }
  put("tensors.json", table);
  const Report made = report();
  EXPECT_EQ(made.verdict, Verdict::renamed);
  EXPECT_EQ(made.examined.structure.readings.front().layers, 32);
}

TEST_F(Hostile, SizesBeyondReasonOverflowNothing) {
  put("config.json", R"({"hidden_size": 4e15, "num_attention_heads": 4e15, "head_dim": 4e15,
                         "num_key_value_heads": 4e15, "max_position_embeddings": 1e12})");
  put("tensors.json", R"({"schema_version": 1, "dtype": "F4", "tensors": {
        "e": [1099511627776, 1099511627776], "l.{0..9999}.n": [1099511627776],
        "h": [1099511627776, 1099511627776, 1099511627776]}})");
  EXPECT_EQ(report().verdict, Verdict::unknown);
}

}  // namespace
}  // namespace audit
