#include "harness/checkpoint/audit/rename.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/safetensors_writer.h"
#include "tests/harness/checkpoint/audit/hostile_folder.h"
#include "tests/support/error_text.h"
#include "tests/support/random_checkpoint.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Rename : public Hostile {
 protected:
  fs::path write(const std::string& name, const tests::RandomCheckpoint& wanted) {
    fs::create_directories(folder_.path() / name);
    tests::write_random_checkpoint(wanted, folder_.path() / name);
    return folder_.path() / name;
  }
  Renaming rename(const fs::path& from, const fs::path& to) {
    return rename_to_llama(examine(from, checkpoint::Links::none), to);
  }
  base::Json config_of(const fs::path& folder) {
    return base::Json::parse(base::read_file(folder / "config.json"));
  }
  checkpoint::LlamaSpec spec_of(const fs::path& folder) {
    std::vector<std::string> warnings;
    return checkpoint::read_llama_spec(checkpoint::RawConfig::read(checkpoint::Directory(folder)),
                                       warnings);
  }
};

TEST_F(Rename, BringsYiBackByteByByte) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec(), .dtype = checkpoint::DType::bf16};
  wanted.spec.rope_theta = 5e6;
  for (const int64_t shards : {1, 3}) {
    wanted.shards = shards;
    wanted.yi_names = false;
    const fs::path llama = write(fmt::format("llama{}", shards), wanted);
    wanted.yi_names = true;
    const fs::path yi = write(fmt::format("yi{}", shards), wanted);
    const fs::path back = folder_.path() / fmt::format("back{}", shards);
    EXPECT_EQ(rename(yi, back).tensors, 21);
    for (const auto& entry : fs::directory_iterator(llama)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".safetensors") && !name.ends_with("index.json")) continue;
      EXPECT_EQ(base::read_file(back / name), base::read_file(llama / name)) << name;
    }
    const Report made = make_report(back, {});
    EXPECT_EQ(made.verdict, Verdict::same);
    const base::Json config = base::Json::parse(base::read_file(back / "config.json"));
    EXPECT_EQ(config["model_type"], "llama");
    EXPECT_EQ(config["rope_theta"], 5e6);
  }
}

TEST_F(Rename, WritesDownWhatTheFamilyWouldHaveFilledIn) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec(), .yi_names = true};
  wanted.spec.kv_heads = 4;
  const fs::path yi = write("yi", wanted);
  base::Json config = base::Json::parse(base::read_file(yi / "config.json"));
  for (const char* key : {"rope_theta", "num_key_value_heads", "rms_norm_eps"}) config.erase(key);
  base::write_file_atomically(yi / "config.json", config.dump());
  rename(yi, folder_.path() / "back");
  config = base::Json::parse(base::read_file(folder_.path() / "back" / "config.json"));
  EXPECT_EQ(config["rope_theta"], 5e6);
  EXPECT_EQ(config["num_key_value_heads"], 4);
  EXPECT_EQ(config["rms_norm_eps"], 1e-5);
}

// As Yi's of November 2023, but for the model_type: such a config is read, and so computed, as
// LLaMA's.
TEST_F(Rename, WritesDownLlamasDefaultsWhereNothingElseIsSaid) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec(), .yi_names = true};
  wanted.spec.kv_heads = 4;
  const fs::path yi = write("yi", wanted);
  base::Json config = config_of(yi);
  for (const char* key : {"model_type", "rope_theta", "num_key_value_heads", "rms_norm_eps",
                          "max_position_embeddings"}) {
    config.erase(key);
  }
  config["architectures"] = base::Json::array({"YiForCausalLM"});
  config["auto_map"] = {{"AutoModelForCausalLM", "modeling_yi.YiForCausalLM"}};
  base::write_file_atomically(yi / "config.json", config.dump());
  rename(yi, folder_.path() / "back");
  config = config_of(folder_.path() / "back");
  EXPECT_EQ(config["model_type"], "llama");
  EXPECT_EQ(config["architectures"], base::Json::array({"LlamaForCausalLM"}));
  EXPECT_FALSE(config.contains("auto_map"));
  EXPECT_EQ(config["rope_theta"], 1e4);
  EXPECT_EQ(config["num_key_value_heads"], 4);
  EXPECT_EQ(config["rms_norm_eps"], 1e-6);
  EXPECT_EQ(config["max_position_embeddings"], 2048);
}

TEST_F(Rename, WhatIsComputedStaysTheSameInEveryFamily) {
  struct Family {
    std::string before, after;  ///< model_type, empty where there is none
    std::optional<int64_t> sliding_window = {};
    bool biases = false;
  };
  for (const Family& family :
       {Family{"", "llama"}, Family{"llama", "llama"}, Family{"Yi", "llama"},
        Family{"mistral", "mistral", 32}, Family{"qwen2", "qwen2", {}, true}}) {
    tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
    wanted.spec.sliding_window = family.sliding_window;
    wanted.spec.query_key_value_bias = family.biases;
    const fs::path from = write("from-" + family.before, wanted);
    base::Json config = config_of(from);
    for (const char* key : {"model_type", "rope_theta", "rms_norm_eps"}) config.erase(key);
    if (!family.before.empty()) config["model_type"] = family.before;
    base::write_file_atomically(from / "config.json", config.dump());
    const fs::path to = folder_.path() / ("to-" + family.before);
    rename(from, to);
    EXPECT_EQ(config_of(to)["model_type"], family.after) << family.before;
    EXPECT_EQ(spec_of(to), spec_of(from)) << family.before;
  }
}

TEST_F(Rename, LeavesCodeBehindAndTakesTheTokenizerAlong) {
  const fs::path yi = write("yi", {.spec = tests::small_spec(), .yi_names = true});
  base::write_file_atomically(yi / "modeling_yi.py", "import os");
  base::write_file_atomically(yi / "pytorch_model.bin", "PK");
  base::write_file_atomically(yi / "tokenizer.model", "pieces");
  base::write_file_atomically(
      yi / "tokenizer_config.json",
      R"({"auto_map": {"AutoTokenizer": ["t.Y", null]}, "tokenizer_class": "YiTokenizer"})");
  const fs::path back = folder_.path() / "back";
  const Renaming renaming = rename(yi, back);
  EXPECT_EQ(renaming.left_out,
            (Lines{"modeling_yi.py", "pytorch_model.bin",
                   "tokenizer_config.json: its custom code; read with LlamaTokenizer now"}));
  EXPECT_EQ(base::read_file(back / "tokenizer.model"), "pieces");
  EXPECT_EQ(base::Json::parse(base::read_file(back / "tokenizer_config.json")),
            (base::Json{{"tokenizer_class", "LlamaTokenizer"}}));
  EXPECT_FALSE(fs::exists(back / "modeling_yi.py"));
}

TEST_F(Rename, RefusesToGuess) {
  const fs::path odd = write("odd", {.spec = tests::small_spec()});
  std::string bytes = base::read_file(odd / "model.safetensors");
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"k_proj", "x_proj"}, {"v_proj", "y_proj"}}) {
    for (size_t at = 0; (at = bytes.find(from, at)) != bytes.npos;) {
      bytes.replace(at, from.size(), to);
    }
  }
  base::write_file_atomically(odd / "model.safetensors", bytes);
  EXPECT_THAT(tests::error_text([&] { rename(odd, folder_.path() / "back"); }),
              HasSubstr("could be any of 2 roles, and its name decides nothing; a wrong guess "
                        "would make another model"));
  EXPECT_FALSE(fs::exists(folder_.path() / "back"));
}

TEST_F(Rename, RefusesWhatIsNotLlamaAndFoldersThatExist) {
  const fs::path published = fs::path(ROPEWALK_SOURCE_DIR) / "configs/checkpoints";
  EXPECT_THAT(tests::error_text([&] { rename(published / "yi-6b-2023-11", home_ / "x"); }),
              HasSubstr("has no weights that could be renamed"));
  const fs::path llama = write("llama", {.spec = tests::small_spec()});
  EXPECT_THAT(tests::error_text([&] { rename(llama, home_); }),
              HasSubstr("exists already; name a new folder"));
  EXPECT_THAT(tests::error_text([&] { rename(llama, llama); }), HasSubstr("exists already"));
  fs::create_symlink("nowhere", folder_.path() / "link");
  EXPECT_THAT(tests::error_text([&] { rename(llama, folder_.path() / "link"); }),
              HasSubstr("exists already"));
}

// A norm of one vector per layer has the shape of a stored table: leaving it out would make another
// model.
TEST_F(Rename, RefusesToLeaveOutWhatIsNotNamedAsATable) {
  for (const char* name : {"self_attn.rotary_emb.inv_freq", "self_attn.qk_norm.weight"}) {
    const fs::path from = write(name, {.spec = tests::small_spec()});
    const checkpoint::SafetensorsArchive plain{checkpoint::Directory(from)};
    std::vector<checkpoint::TensorPlan> plans;
    for (const auto& [tensor, stored] : plain.tensors()) {
      plans.push_back({tensor, stored.entry.dtype, stored.entry.shape});
    }
    const std::string zeros(8 * 4, '\0');
    for (const int layer : {0, 1}) {
      plans.push_back({fmt::format("model.layers.{}.{}", layer, name), "F32", {8}});
    }
    checkpoint::SafetensorsWriter writer(from / "model.safetensors", plans);
    for (const auto& [tensor, stored] : plain.tensors()) writer.write(tensor, plain.bytes(stored));
    for (const int layer : {0, 1}) {
      writer.write(fmt::format("model.layers.{}.{}", layer, name), std::as_bytes(std::span(zeros)));
    }
    writer.finish();
  }
  const fs::path back = folder_.path() / "back";
  EXPECT_EQ(rename(folder_.path() / "self_attn.rotary_emb.inv_freq", back).left_out.size(), 2u);
  EXPECT_THAT(
      tests::error_text([&] { rename(folder_.path() / "self_attn.qk_norm.weight", back / "x"); }),
      HasSubstr(
          "has the shape of a stored rotary table, which would be left out, but not the name"));
}

TEST_F(Rename, AFailureLeavesNothingBehind) {
  const fs::path llama = write("llama", {.spec = tests::small_spec()});
  base::write_file_atomically(llama / "tokenizer_config.json", "not JSON");
  EXPECT_THAT(tests::error_text([&] { rename(llama, folder_.path() / "back"); }),
              HasSubstr("tokenizer_config.json"));
  EXPECT_FALSE(fs::exists(folder_.path() / "back"));
  EXPECT_FALSE(fs::exists(folder_.path() / "back.partial"));
  fs::remove(llama / "tokenizer_config.json");
  rename(llama, folder_.path() / "back" / "");  // a slash at the end names the same folder
  EXPECT_TRUE(fs::exists(folder_.path() / "back" / "model.safetensors"));
  EXPECT_FALSE(fs::exists(folder_.path() / "back.partial"));
}

}  // namespace
}  // namespace audit
