#include "harness/model/training/train.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/model/scorer.h"
#include "harness/model/training/model_export.h"
#include "harness/model/training/train_step.h"
#include "no_room.h"
#include "scalings/catalog.h"
#include "small_corpus.h"
#include "tests/support/error_text.h"

namespace training {
namespace {

using ::testing::HasSubstr;

class TrainTest : public ::testing::Test {
 protected:
  TrainTest() : folder_("train"), threads_(at::get_num_threads()) {
    write_small_corpus(folder_.path());
  }
  ~TrainTest() override { at::set_num_threads(threads_); }

  std::filesystem::path out(const std::string& name) const { return folder_.path() / name; }

  void train_into(const std::string& name, const base::Json& config, const TrainHooks& hooks = {},
                  const std::optional<std::filesystem::path>& from = {}) const {
    at::set_num_threads(1);
    train(read_train_config(write_config(folder_.path(), config)), from, out(name), hooks);
  }

  /// Log-probabilities of `tokens` by Transformers.
  std::vector<double> transformers(const std::string& name, const at::Tensor& tokens) const {
    const std::filesystem::path ids = out("ids.json");
    const std::filesystem::path result = out("log_probs.json");
    std::ofstream(ids) << base::Json(std::vector<int64_t>(
        tokens.const_data_ptr<int64_t>(), tokens.const_data_ptr<int64_t>() + tokens.numel()));
    const std::string command = std::string(ROPEWALK_PYTHON) + " " + ROPEWALK_SOURCE_DIR +
                                "/tests/harness/model/training/transformers_log_probs.py " +
                                out(name).string() + " " + ids.string() + " " + result.string();
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return base::parse_json(base::read_file(result), result.string()).get<std::vector<double>>();
  }

  ScratchFolder folder_;
  int threads_;
};

/// One step on texts of `length` tokens.
base::Json one_step_config(int64_t length) {
  base::Json config = micro_config();
  config["phases"] = {{{"length", length}, {"tokens", 1280}, {"mixture", {{"text", 1}}}}};
  return config;
}

/// Bytes of every file in a folder, by name.
std::map<std::string, std::string> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] = base::read_file(entry.path());
  }
  return files;
}

/// Log-probabilities of `tokens` by the forward that trains, with a chain.
std::vector<double> training_forward(const std::filesystem::path& directory,
                                     const at::Tensor& tokens, const base::Json& chain_json,
                                     int64_t trained_length) {
  const checkpoint::Checkpoint checkpoint = checkpoint::open(directory);
  checkpoint::LlamaSpec spec = checkpoint.spec;
  TrainableLlama model(spec, at::kFloat, 1);
  import_weights(*checkpoint.weights, model);
  const int64_t length = tokens.numel() - 1;
  const scalings::RopeShape shape{spec.head_dim, spec.rotary_dim, 10000.0, trained_length};
  const scalings::Chain chain = scalings::make_chain(chain_json, "chain");
  const RotaryTables tables =
      rotary_tables(scalings::make_plan(chain, {shape, length, 0, spec.layers}), shape);
  const Batch batch{tokens.view({1, -1}), at::ones({1, length})};
  const at::Tensor nll =
      batch_gradient(model, batch, std::vector<RotaryTables>(2, tables), 4096).nll.flatten();
  std::vector<double> log_probs;
  for (int64_t i = 0; i < length; ++i) log_probs.push_back(-nll[i].item<double>());
  return log_probs;
}

/// The same by the scorer that evaluations use.
std::vector<double> scorer(const std::filesystem::path& directory, const at::Tensor& tokens,
                           const base::Json& chain_json, int64_t trained_length) {
  checkpoint::Checkpoint checkpoint = checkpoint::open(directory);
  const auto chain = std::make_shared<scalings::Chain>(scalings::make_chain(chain_json, "chain"));
  model::Scorer scorer(std::move(checkpoint.weights), chain, trained_length,
                       model::Compute::float32);
  evals::Document document;
  for (int64_t i = 0; i < tokens.numel(); ++i) {
    document.trunk.push_back(static_cast<evals::Token>(tokens[i].item<int64_t>()));
  }
  document.scored = {1, tokens.numel()};
  std::vector<double> log_probs;
  for (const evals::TokenScore& score : scorer.score(document, {}).trunk) {
    log_probs.push_back(score.log_prob);
  }
  return log_probs;
}

void expect_near(const std::vector<double>& ours, const std::vector<double>& theirs,
                 const std::string& whose) {
  ASSERT_EQ(ours.size(), theirs.size()) << whose;
  for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-4) << whose;
}

at::Tensor some_tokens(int64_t count) {
  return at::randint(3, 400, {count}, at::detail::createCPUGenerator(23), at::kLong);
}

TEST_F(TrainTest, LossFallsAndTransformersReadsTheResult) {
  std::vector<TrainProgress> reports;
  TrainHooks hooks;
  hooks.report = [&](const TrainProgress& progress) { reports.push_back(progress); };
  train_into("model", micro_config(), hooks);
  ASSERT_EQ(reports.size(), 52u);        // 32 batches of 20 x 64, 20 of 4 x 320
  EXPECT_GT(reports.front().loss, 5.5);  // log 400 = 5.99
  // Sentences of this grammar hold 2.2 nats a word at best; copies and keys are not learned yet.
  EXPECT_LT(reports.back().nll.count("text") ? reports.back().nll.at("text") : reports.back().loss,
            3.0);
  EXPECT_EQ(reports.back().tokens, reports.back().total_tokens);
  EXPECT_FALSE(std::filesystem::exists(out("model") / "checkpoint.safetensors"));
  const std::string card = base::read_file(out("model") / "README.md");
  EXPECT_THAT(card, HasSubstr("never on longer ones"));
  // A training that failed writes the same card.
  EXPECT_THAT(card, HasSubstr("Training does not tell whether it learned"));

  const at::Tensor tokens = some_tokens(200);
  const std::vector<double> ours = training_forward(out("model"), tokens, base::Json::array(), 320);
  expect_near(ours, transformers("model", tokens), "Transformers");
  expect_near(ours, scorer(out("model"), tokens, base::Json::array(), 320), "the scorer");
}

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

TEST_F(TrainTest, ScalingsActiveInTrainingAreWhatTransformersComputes) {
  base::Json config = micro_config();
  config["phases"][0]["tokens"] = 1280;
  config["phases"][1]["tokens"] = 1280;
  train_into("base", config);
  config.erase("model");
  config["phases"] = {{{"length", 640}, {"tokens", 2560}, {"mixture", {{"text", 1}}}}};
  const std::map<std::string, base::Json> chains = {
      {"linear", {{{"type", "linear"}, {"factor", 2}}}},
      {"ntk", {{{"type", "ntk"}, {"factor", 2}}}},
      {"yarn", {{{"type", "yarn"}, {"factor", 2}}}},
      {"abf", {{{"type", "abf"}, {"theta", 500000}}}}};
  const at::Tensor tokens = some_tokens(640);
  for (const auto& [name, chain] : chains) {
    config["scaling"] = chain;
    train_into(name, config, {}, out("base"));
    const std::vector<double> ours = training_forward(out(name), tokens, chain, 320);
    expect_near(ours, transformers(name, tokens), "Transformers, " + name);
  }
}

TEST_F(TrainTest, TheTrainedLengthOfAStretchedModelIsThatBeforeItsScaling) {
  train_into("base", one_step_config(320));
  base::Json config = one_step_config(640);
  config.erase("model");
  config["scaling"] = {{{"type", "yarn"}, {"factor", 2}}};
  train_into("stretched", config, {}, out("base"));
  std::vector<std::string> notes;
  TrainHooks listen;
  listen.note = [&](const std::string& line) { notes.push_back(line); };
  train_into("again", config, listen, out("stretched"));
  EXPECT_THAT(
      notes, ::testing::Contains(HasSubstr("was trained on 320 tokens and then stretched to 640")));
  EXPECT_EQ(checkpoint::open(out("again")).spec.rope_scaling,
            checkpoint::open(out("stretched")).spec.rope_scaling);
}

TEST_F(TrainTest, NeedsAModelFromExactlyOnePlace) {
  base::Json config = micro_config();
  EXPECT_THROW(train_into("model", config, {}, folder_.path()), base::Error);
  config.erase("model");
  EXPECT_THROW(train_into("model", config), base::Error);
}

}  // namespace
}  // namespace training
