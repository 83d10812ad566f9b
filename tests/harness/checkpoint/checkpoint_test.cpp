#include "harness/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/checkpoint/convert.h"
#include "harness/checkpoint/roles.h"
#include "tests/support/error_text.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

namespace fs = std::filesystem;
using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_text;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() { setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1); }

  fs::path write(const std::string& name, const tests::RandomCheckpoint& wanted) {
    const fs::path home = folder_.path() / name;
    fs::create_directories(home);
    tests::write_random_checkpoint(wanted, home);
    return home;
  }
  static void edit(const fs::path& file, const std::function<void(Json&)>& change) {
    Json json = Json::parse(base::read_file(file));
    change(json);
    base::write_file_atomically(file, json.dump());
  }

  const tests::TemporaryFolder folder_;
};

std::vector<float> floats(const Weights& weights, Role role, int64_t layer) {
  const TensorView view = weights.tensor(role, layer);
  std::vector<float> values(view.bytes.size() / (view.dtype == DType::f32 ? 4 : 2));
  to_float(view.dtype, view.bytes, values);
  return values;
}

TEST_F(CheckpointTest, GivesEveryTensorOfTheSpecInItsShape) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  wanted.spec.query_key_value_bias = wanted.spec.output_bias = wanted.spec.mlp_bias = true;
  const Checkpoint opened = open(write("a", wanted));
  EXPECT_EQ(opened.spec, wanted.spec);
  EXPECT_TRUE(opened.warnings.empty());
  EXPECT_TRUE(opened.unmatched.empty());
  for (const RoleAt& at : all_roles(wanted.spec)) {
    const TensorView view = opened.weights->tensor(at.role, at.layer);
    EXPECT_EQ(view.shape, role_shape(wanted.spec, at.role));
    EXPECT_EQ(view.dtype, DType::f32);
  }
  EXPECT_THAT(error_text([&] { opened.weights->tensor(Role::query, 2); }),
              HasSubstr("layer 2: the model has no query"));
}

TEST_F(CheckpointTest, ViewsOutliveTheCheckpoint) {
  TensorView view;
  std::vector<float> while_open(64);
  {
    const Checkpoint opened = open(write("a", {.spec = tests::small_spec()}));
    view = opened.weights->tensor(Role::final_norm);
    to_float(view.dtype, view.bytes, while_open);
  }
  std::vector<float> values(64);
  to_float(view.dtype, view.bytes, values);
  EXPECT_EQ(values, while_open);
  EXPECT_NE(values, std::vector<float>(64));
}

TEST_F(CheckpointTest, OneFileAndShardsYiAndLlamaNamesHoldTheSameWeights) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec(), .dtype = DType::bf16};
  const Checkpoint one = open(write("one", wanted));
  wanted.shards = 3;
  wanted.yi_names = true;
  const fs::path home = write("three", wanted);
  const Checkpoint three = open(home);
  EXPECT_TRUE(fs::exists(home / "model-00003-of-00003.safetensors"));
  for (const RoleAt& at : all_roles(wanted.spec)) {
    EXPECT_EQ(floats(*one.weights, at.role, at.layer), floats(*three.weights, at.role, at.layer));
  }
  EXPECT_EQ(one.weights->fingerprint(), three.weights->fingerprint());
}

TEST_F(CheckpointTest, FingerprintTellsDtypesAndSeedsApart) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  const std::string first = open(write("a", wanted)).weights->fingerprint();
  EXPECT_EQ(first.size(), 64u);
  wanted.dtype = DType::f16;
  EXPECT_NE(open(write("b", wanted)).weights->fingerprint(), first);
  wanted.dtype = DType::f32;
  wanted.seed = 2;
  EXPECT_NE(open(write("c", wanted)).weights->fingerprint(), first);
}

TEST_F(CheckpointTest, FingerprintIsCachedUntilAFileChanges) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  const std::string first = open(home).weights->fingerprint();
  const fs::path cache = folder_.path() / "cache/ropewalk/fingerprints";
  ASSERT_EQ(std::distance(fs::directory_iterator(cache), {}), 1);
  const fs::path kept = fs::directory_iterator(cache)->path();
  // What the cache says is believed: no byte of the weights is read again.
  base::write_file_atomically(kept, std::string(64, 'a'));
  EXPECT_EQ(open(home).weights->fingerprint(), std::string(64, 'a'));
  base::write_file_atomically(kept, "torn");
  EXPECT_EQ(open(home).weights->fingerprint(), first);
  base::write_file_atomically(kept, std::string(64, 'a'));
  const fs::path weights = home / "model.safetensors";
  fs::last_write_time(weights, fs::last_write_time(weights) + std::chrono::nanoseconds(1));
  EXPECT_EQ(open(home).weights->fingerprint(), first);
}

TEST_F(CheckpointTest, WorksWithoutACache) {
  base::write_file_atomically(folder_.path() / "file", "");
  setenv("XDG_CACHE_HOME", (folder_.path() / "file").c_str(), 1);
  EXPECT_EQ(open(write("a", {.spec = tests::small_spec()})).weights->fingerprint().size(), 64u);
}

TEST_F(CheckpointTest, ReportsTensorsThatTheComputationDoesNotUse) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  wanted.spec.query_key_value_bias = wanted.spec.output_bias = true;
  const fs::path home = write("a", wanted);
  edit(home / "config.json", [](Json& config) {
    config["attention_bias"] = false;
    config["num_hidden_layers"] = 1;
    config["tie_word_embeddings"] = true;
  });
  const Checkpoint opened = open(home);
  EXPECT_EQ(opened.unmatched.size(), 13u + 4 + 1);
  EXPECT_THAT(opened.unmatched, testing::Contains("lm_head.weight"));
  EXPECT_THAT(opened.unmatched, testing::Contains("model.layers.0.self_attn.q_proj.bias"));
  EXPECT_THAT(opened.unmatched, testing::Contains("model.layers.1.mlp.up_proj.weight"));
}

// One clear error for each way of being broken.

TEST_F(CheckpointTest, NamesTheWeightsThatTheConfigImplies) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  edit(home / "config.json", [](Json& config) { config["num_hidden_layers"] = 3; });
  const std::string text = error_text([&] { open(home); });
  EXPECT_EQ(text.substr(0, text.find('\n')),
            home.string() +
                ": tensor \"model.layers.2.input_layernorm.weight\": is implied by config.json and "
                "missing; check config.json against the weights");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 8);
}

TEST_F(CheckpointTest, NamesAWrongShapeAndAMissingHead) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  wanted.spec.tied_embeddings = true;
  const fs::path home = write("a", wanted);
  edit(home / "config.json", [](Json& config) {
    config["tie_word_embeddings"] = false;
    config["vocab_size"] = 257;
  });
  EXPECT_EQ(error_text([&] { open(home); }),
            home.string() +
                ": tensor \"model.embed_tokens.weight\": has shape [256, 64], but config.json "
                "implies [257, 64]; check config.json against the weights\n" +
                home.string() +
                ": tensor \"lm_head.weight\": is implied by config.json and missing; set "
                "tie_word_embeddings when the head is the embedding");
}

TEST_F(CheckpointTest, EndsALongListOfWrongTensors) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  edit(home / "config.json", [](Json& config) { config["num_hidden_layers"] = 60000; });
  const std::string text = error_text([&] { open(home); });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12);
  EXPECT_TRUE(text.ends_with("and more of the same kind"));
}

TEST_F(CheckpointTest, RefusesARoleClaimedTwice) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  const std::string tensor = R"({"dtype":"F32","shape":[1],"data_offsets":[)";
  base::write_file_atomically(
      home / "model.safetensors",
      tests::safetensors_bytes("{\"model.layers.0.ln1.weight\":" + tensor +
                                   "0,4]},\"model.layers.0.input_layernorm.weight\":" + tensor +
                                   "4,8]}}",
                               "12345678"));
  EXPECT_THAT(error_text([&] { open(home); }),
              HasSubstr("tensor \"model.layers.0.ln1.weight\": is the input norm of layer 0, and "
                        "so is \"model.layers.0.input_layernorm.weight\"; keep one of the two"));
}

TEST_F(CheckpointTest, RefusesADtypeThatCannotBeComputedWith) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  const fs::path home = write("a", wanted);
  std::string bytes = base::read_file(home / "model.safetensors");
  for (size_t at = 0; (at = bytes.find("\"F32\"", at)) != bytes.npos;)
    bytes.replace(at, 5, "\"I32\"");
  base::write_file_atomically(home / "model.safetensors", bytes);
  EXPECT_THAT(error_text([&] { open(home); }),
              HasSubstr("tensor \"model.embed_tokens.weight\": has dtype I32, which cannot be "
                        "computed with; convert it to F32, F16 or BF16"));
}

TEST_F(CheckpointTest, RefusesACutFileWithTheOffset) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  const fs::path weights = home / "model.safetensors";
  const auto size = static_cast<int64_t>(fs::file_size(weights));
  fs::resize_file(weights, size - 1);
  EXPECT_EQ(error_text([&] { open(home); }),
            weights.string() + ": tensor \"model.norm.weight\": ends at byte " +
                std::to_string(size) + ", but the file has " + std::to_string(size - 1) +
                "; the file is cut; download it again");
}

TEST_F(CheckpointTest, RefusesAPickleOfferedInstead) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  fs::rename(home / "model.safetensors", home / "pytorch_model.bin");
  EXPECT_EQ(error_text([&] { open(home); }),
            (home / "pytorch_model.bin").string() +
                ": is the only weights here, and pickle files can run code when they are loaded: "
                "they are never read; convert them to safetensors on a machine you can lose");
  fs::remove(home / "pytorch_model.bin");
  EXPECT_EQ(error_text([&] { open(home); }),
            home.string() +
                ": has neither model.safetensors nor model.safetensors.index.json; download the "
                "checkpoint's weights");
}

TEST_F(CheckpointTest, NeedsAConfig) {
  const fs::path home = write("a", {.spec = tests::small_spec()});
  fs::remove(home / "config.json");
  EXPECT_EQ(error_text([&] { open(home); }),
            (home / "config.json").string() +
                ": no such file; name a Hugging Face folder with config.json and *.safetensors, or "
                "a .gguf file itself");
}

class Sharded : public CheckpointTest {
 protected:
  Sharded() { home_ = write("a", {.spec = tests::small_spec(), .shards = 2}); }
  std::string refusal() {
    return error_text([&] { open(home_); });
  }
  fs::path home_;
  const std::string index_name_ = "model.safetensors.index.json";
  fs::path index() { return home_ / index_name_; }
};

TEST_F(Sharded, RefusesAMissingShard) {
  fs::remove(home_ / "model-00002-of-00002.safetensors");
  EXPECT_EQ(refusal(), index().string() +
                           ": /weight_map: names model-00002-of-00002.safetensors, which is "
                           "missing; download the missing shard");
}

TEST_F(Sharded, RefusesAnIndexThatNamesAbsentTensors) {
  edit(index(), [](Json& json) {
    json["weight_map"]["ghost"] = "model-00001-of-00002.safetensors";
    json["weight_map"]["model.embed_tokens.weight"] = "model-00002-of-00002.safetensors";
  });
  EXPECT_EQ(refusal(),
            index().string() +
                ": /weight_map: places tensor \"ghost\" in model-00001-of-00002.safetensors, "
                "which does not hold it\n" +
                index().string() +
                ": /weight_map: places tensor \"model.embed_tokens.weight\" in "
                "model-00002-of-00002.safetensors, which does not hold it");
}

TEST_F(Sharded, RefusesPathsThatLeaveTheFolder) {
  for (const std::string name : {"../model.safetensors", "/model.safetensors", "a/b.safetensors",
                                 "..\\b.safetensors", ".."}) {
    edit(index(), [&](Json& json) { json["weight_map"]["lm_head.weight"] = name; });
    EXPECT_EQ(refusal(), index().string() + ": /weight_map/lm_head.weight: \"" + name +
                             "\" is not a plain file name; shards must lie in the checkpoint's own "
                             "folder");
  }
  edit(index(), [&](Json& json) { json["weight_map"]["lm_head.weight"] = "evil.bin"; });
  EXPECT_EQ(refusal(), index().string() +
                           ": /weight_map/lm_head.weight: \"evil.bin\" is not a .safetensors file");
}

TEST_F(Sharded, RefusesATensorInTwoShards) {
  fs::copy_file(home_ / "model-00001-of-00002.safetensors", home_ / "copy.safetensors");
  edit(index(), [&](Json& json) { json["weight_map"]["lm_head.weight"] = "copy.safetensors"; });
  EXPECT_THAT(refusal(), HasSubstr("model-00001-of-00002.safetensors: tensor \"model.embed_tokens"
                                   ".weight\": is also in copy.safetensors"));
}

TEST_F(Sharded, RefusesAShardThatIsALinkToTheOutside) {
  fs::rename(home_ / "model-00002-of-00002.safetensors", folder_.path() / "outside");
  fs::create_symlink(folder_.path() / "outside", home_ / "model-00002-of-00002.safetensors");
  EXPECT_THAT(refusal(),
              HasSubstr("is a symbolic link that leads outside the checkpoint's folder"));
}

TEST_F(Sharded, RefusesAMalformedIndex) {
  const auto refuse = [&](const std::string& text) {
    base::write_file_atomically(index(), text);
    const std::string message = refusal();
    return message.substr(message.find(".json: ") + 7);
  };
  EXPECT_EQ(refuse("{}"), "/weight_map: missing");
  EXPECT_EQ(refuse("[]"), "must be an object (got [])");
  EXPECT_EQ(refuse(R"({"weight_map": {}})"), "/weight_map: names no tensor");
  EXPECT_EQ(refuse(R"({"weight_map": ["a"]})"), "/weight_map: must be an object (got [\"a\"])");
  EXPECT_EQ(refuse(R"({"weight_map": {"a": 1}})"), "/weight_map/a: must be a string (got 1)");
  EXPECT_EQ(refuse(R"({"weight_map": {"a": null}})"), "/weight_map/a: must not be null");
  EXPECT_EQ(refuse(R"({"weight_map": {"a": "x.safetensors", "a": "x.safetensors"}})"),
            "/weight_map/a: duplicate key; keep one of the two");
  EXPECT_EQ(refuse(R"({"metadata": {"total_size": -1}, "weight_map": {"a": "x.safetensors"}})"),
            "/metadata/total_size: must be in [0, 9223372036854775807] (got -1)");
}

TEST_F(Sharded, EndsALongListOfWrongShards) {
  edit(index(), [](Json& json) {
    for (int i = 0; i < 100; ++i) json["weight_map"][std::to_string(i)] = "../evil.safetensors";
  });
  const std::string text = refusal();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), base::few_problems);
  EXPECT_TRUE(text.ends_with("and more of the same kind")) << text;
}

TEST_F(Sharded, OnlyWarnsOfAWrongTotalAndOfTensorsOutsideTheIndex) {
  edit(index(), [](Json& json) {
    json["metadata"]["total_size"] = 5;
    json["weight_map"].erase("model.embed_tokens.weight");
  });
  EXPECT_THAT(open(home_).warnings,
              ElementsAre(HasSubstr("tensor \"model.embed_tokens.weight\" of "
                                    "model-00001-of-00002.safetensors is not in the index"),
                          HasSubstr("/metadata/total_size says 5, the shards hold ")));
}

TEST_F(Sharded, PrefersTheSingleFileAndSaysSo) {
  tests::write_random_checkpoint({.spec = tests::small_spec(), .seed = 9}, home_);
  EXPECT_THAT(open(home_).warnings,
              ElementsAre("both model.safetensors and model.safetensors.index.json are there: the "
                          "first is read"));
}

}  // namespace
}  // namespace checkpoint
