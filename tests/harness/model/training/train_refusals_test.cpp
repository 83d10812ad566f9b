#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/error.h"
#include "tests/support/error_text.h"
#include "train_fixture.h"

namespace training {
namespace {

using ::testing::HasSubstr;

TEST_F(TrainTest, BadInputIsNamedBeforeTheFirstStep) {
  const auto message = [&](const base::Json& config) {
    TrainHooks hooks;
    hooks.report = [](const TrainProgress&) { ADD_FAILURE() << "a step was made"; };
    std::filesystem::remove_all(out("model"));
    try {
      train_into("model", config, hooks);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.fault(), base::Fault::input);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  base::Json config = micro_config();
  config["corpus"] = {"lost.txt"};
  EXPECT_THAT(message(config), HasSubstr("lost.txt does not exist; scripts/corpora"));
  for (const auto& [name, text, cause] :
       {std::tuple("empty.txt", "", "empty.txt"), std::tuple("latin.txt", "caf\xE9\n", "UTF-8")}) {
    std::ofstream(out(name)) << text;
    config["corpus"] = {"corpus", name};
    EXPECT_THAT(message(config), HasSubstr(name));
    EXPECT_THAT(message(config), HasSubstr(cause));
  }
  config = micro_config();
  config["model"]["vocabulary"] = 30000;
  EXPECT_THAT(message(config), HasSubstr("Vocabulary size too high (30000)"));
  config = micro_config();
  config["phases"] = {{{"length", 500000},
                       {"tokens", 500000},
                       {"batch_tokens", 500000},
                       {"mixture", {{"text", 1}}}}};
  EXPECT_THAT(message(config), HasSubstr("needs a document of"));
}

TEST_F(TrainTest, NeedsAModelFromExactlyOnePlace) {
  base::Json config = micro_config();
  EXPECT_THROW(train_into("model", config, {}, folder_.path()), base::Error);
  config.erase("model");
  EXPECT_THROW(train_into("model", config), base::Error);
}

TEST_F(TrainTest, AFinishedModelIsNotTrainedOver) {
  base::Json config = one_step_config(64);
  train_into("model", config);
  const auto before = files_of(out("model"));
  const std::string refusal =
      out("model").string() + ": holds a finished model (model.safetensors); give another --out";
  EXPECT_EQ(tests::error_text([&] { train_into("model", config); }), refusal);
  config.erase("model");
  EXPECT_EQ(tests::error_text([&] { train_into("model", config, {}, out("model")); }), refusal);
  EXPECT_EQ(files_of(out("model")), before);
}

TEST_F(TrainTest, AFileThatNoRunHasLeftIsNotOverwritten) {
  std::filesystem::create_directory(out("mine"));
  for (const std::string name : {"tokenizer.model", "README.md"}) {
    base::write_file_atomically(out("mine") / name, "mine");
    EXPECT_EQ(tests::error_text([&] { train_into("mine", one_step_config(64)); }),
              out("mine").string() + ": holds a " + name +
                  " that is of no training run; give another --out");
    EXPECT_EQ(files_of(out("mine")), (std::map<std::string, std::string>{{name, "mine"}}));
    std::filesystem::remove(out("mine") / name);
  }
}

TEST_F(TrainTest, ContinuesOnlyAFolderWithASentencePieceTokenizer) {
  base::Json config = one_step_config(64);
  config.erase("model");
  std::filesystem::create_directory(out("llama3"));
  std::ofstream(out("llama3") / "tokenizer.json") << "{}";
  std::filesystem::create_directory(out("original"));
  std::ofstream(out("original") / "tokenizer.model") << "IQ== 0\nIg== 1\n";  // tiktoken's
  std::ofstream(out("model.gguf")) << "GGUF";
  for (const std::string from : {"llama3", "original", "model.gguf"}) {
    EXPECT_EQ(tests::error_text([&] { train_into("next", config, {}, out(from)); }),
              out(from).string() +
                  ": has no SentencePiece tokenizer to continue with; continue from a folder that "
                  "has one as tokenizer.model");
  }
  EXPECT_FALSE(std::filesystem::exists(out("next")));
}

}  // namespace
}  // namespace training
