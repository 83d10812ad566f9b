#include "harness/checkpoint/audit/safety.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "harness/base/file.h"
#include "tests/harness/checkpoint/audit/hostile_folder.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/safetensors_bytes.h"

namespace audit {
namespace {

namespace fs = std::filesystem;

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

TEST_F(Hostile, CodePicklesAndTemplatesAreReported) {
  put("config.json", R"({"auto_map": {"AutoModel": "modeling_evil.Evil"}})");
  put("modeling_evil.py", "import os");
  put("pytorch_model.bin", "PK");
  put("chat_template.jinja", "{{ }}");
  put("tokenizer_config.json", R"({"auto_map": {}, "chat_template": "{{ }}"})");
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

}  // namespace
}  // namespace audit
