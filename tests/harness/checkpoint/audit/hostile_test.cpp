#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/checkpoint/audit/rename.h"
#include "harness/checkpoint/audit/report.h"
#include "harness/checkpoint/safetensors_writer.h"
#include "tests/support/error_text.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Folders that nobody vouches for: always a report, never an exception, never a crash.
class Hostile : public testing::Test {
 protected:
  Hostile() { fs::create_directories(home_); }
  void put(const std::string& name, const std::string& bytes) {
    base::write_file_atomically(home_ / name, bytes);
  }
  Report report(checkpoint::Links links = checkpoint::Links::none) {
    Options options;
    options.links = links;
    options.stated = 200'000;
    Report made = make_report(home_, options);
    to_json(made).dump(2, ' ', false, base::Json::error_handler_t::replace);
    to_text(made);
    return made;
  }
  /// "severity id: file: key: value" of every finding of that id.
  std::vector<std::string> found(const Report& made, const std::string& id) {
    std::vector<std::string> lines;
    for (const Finding& finding : made.findings) {
      if (finding.id != id) continue;
      std::string file = finding.file;
      if (file.starts_with(home_.string())) file = file.substr(home_.string().size() + 1);
      lines.push_back(fmt::format("{} {}: {}: {}", name_of(finding.severity), file, finding.key,
                                  finding.value));
    }
    return lines;
  }

  const tests::TemporaryFolder folder_;
  const fs::path home_ = folder_.path() / "home";
};

using Lines = std::vector<std::string>;

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

TEST_F(Hostile, LinksAreReportedWithTheirTargetsAndNotFollowed) {
  base::write_file_atomically(folder_.path() / "secret.json", "{\"hidden_size\": 42}");
  fs::create_symlink("../secret.json", home_ / "config.json");
  fs::create_symlink("/etc/passwd", home_ / "tokenizer_config.json");
  fs::create_symlink("inner", home_ / "model.safetensors");
  const Report made = report();
  EXPECT_FALSE(made.examined.subject.config);
  EXPECT_EQ(found(made, "symbolic-link"), (Lines{"error config.json: : -> ../secret.json",
                                                 "error tokenizer_config.json: : -> /etc/passwd",
                                                 "warning model.safetensors: : -> inner"}));
  EXPECT_EQ(found(made, "unreadable"),
            (Lines{"error config.json: : is a symbolic link, which is not followed",
                   "error tokenizer_config.json: : is a symbolic link, which is not followed",
                   "error model.safetensors: : is a symbolic link, which is not followed"}));
}

TEST_F(Hostile, TheHuggingFaceCacheIsReadWhenAskedFor) {
  const fs::path root = folder_.path() / "models--a--b";
  const fs::path snapshot = root / "snapshots" / "0123";
  fs::create_directories(snapshot);
  fs::create_directories(root / "blobs");
  tests::write_random_checkpoint({.spec = tests::small_spec()}, root / "blobs");
  for (const char* name : {"config.json", "model.safetensors"}) {
    fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
  }
  EXPECT_EQ(make_report(snapshot, {}).verdict, Verdict::unread);
  Options options;
  options.links = checkpoint::Links::hub;
  const Report made = make_report(snapshot, options);
  EXPECT_EQ(made.verdict, Verdict::same);
  EXPECT_TRUE(found(made, "symbolic-link").empty());
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

TEST_F(Hostile, CodePicklesAndTemplatesAreReportedAndNotOpened) {
  put("config.json", R"({"auto_map": {"AutoModel": "modeling_evil.Evil"}})");
  put("modeling_evil.py", "import os");
  put("pytorch_model.bin", "PK");
  put("chat_template.jinja", "{{ }}");
  put("tokenizer_config.json", R"({"auto_map": {}, "chat_template": "{{ }}"})");
  for (const char* name : {"modeling_evil.py", "pytorch_model.bin"}) {
    fs::permissions(home_ / name, fs::perms::none);
  }
  const Report made = report();
  EXPECT_EQ(found(made, "remote-code"),
            (Lines{R"(warning config.json: auto_map: {"AutoModel":"modeling_evil.Evil"})",
                   "warning tokenizer_config.json: auto_map: present"}));
  EXPECT_EQ(found(made, "code-files"), Lines{"warning modeling_evil.py: : 1 file"});
  EXPECT_EQ(found(made, "pickle-weights"), Lines{"warning pytorch_model.bin: : 1 file"});
  EXPECT_EQ(found(made, "chat-template"), Lines{"note chat_template.jinja: : present"});
}

TEST_F(Hostile, CodeOfAnotherRepositoryIsWorseThanCodeOfThisOne) {
  put("config.json",
      R"({"auto_map": {"AutoConfig": "configuration.C", "AutoModel": "evil/repo--modeling.M",
                       "AutoTokenizer": ["evil/repo--t.T", null, 7, "other/one--t.F"]}})");
  EXPECT_EQ(found(report(), "code-from-elsewhere"),
            Lines{"error config.json: auto_map: evil/repo, other/one"});
  put("config.json", R"({"auto_map": "evil/repo--modeling.M"})");
  EXPECT_TRUE(found(report(), "code-from-elsewhere").empty());
}

TEST_F(Hostile, EveryFileThatAsksForCodeIsNamed) {
  put("generation_config.json", R"({"auto_map": {"a": "b.c"}})");
  put("processor_config.json", R"({"auto_map": null})");
  put("preprocessor_config.json", "{");
  const Report made = report();
  EXPECT_EQ(found(made, "remote-code"), Lines{"warning generation_config.json: auto_map: present"});
  EXPECT_EQ(found(made, "unreadable").size(), 1u);
}

TEST_F(Hostile, PipesDoNotBlockAndFoldersAreNotEntered) {
  ASSERT_EQ(mkfifo((home_ / "config.json").c_str(), 0600), 0);
  fs::create_directory(home_ / "model.safetensors");
  const Report made = report();
  EXPECT_EQ(found(made, "special-file"), Lines{"error config.json: : neither a file nor a folder"});
  EXPECT_EQ(found(made, "folder"), Lines{"note model.safetensors: : a folder"});
  EXPECT_EQ(found(made, "unreadable").size(), 2u);
}

TEST_F(Hostile, NamesCannotSpeakToTheTerminal) {
  put("evil\x1b[2J\n.bin", "");
  const Report made = report();
  EXPECT_EQ(found(made, "pickle-weights"), Lines{"warning evil\\x1b[2J\\x0a.bin: : 1 file"});
  put("model.safetensors",
      tests::safetensors_bytes(R"({"a\u001b[2J":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                               "x"));
  EXPECT_EQ(to_text(report()).find('\x1b'), std::string::npos);
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

TEST_F(Hostile, SizesBeyondReasonOverflowNothing) {
  put("config.json", R"({"hidden_size": 4e15, "num_attention_heads": 4e15, "head_dim": 4e15,
                         "num_key_value_heads": 4e15, "max_position_embeddings": 1e12})");
  put("tensors.json", R"({"schema_version": 1, "dtype": "F4", "tensors": {
        "e": [1099511627776, 1099511627776], "l.{0..9999}.n": [1099511627776],
        "h": [1099511627776, 1099511627776, 1099511627776]}})");
  EXPECT_EQ(report().verdict, Verdict::unknown);
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

// --rename

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
