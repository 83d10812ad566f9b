#include "harness/model/training/train.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "harness/base/file.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/model/scorer.h"
#include "harness/model/training/model_export.h"
#include "harness/model/training/train_step.h"
#include "scalings/catalog.h"
#include "tests/support/python.h"
#include "train_fixture.h"

namespace training {
namespace {

using ::testing::HasSubstr;

/// Log-probabilities of `tokens` by Transformers.
std::vector<double> transformers(const std::filesystem::path& directory, const at::Tensor& tokens) {
  const std::filesystem::path ids = directory.string() + "-ids.json";
  const std::filesystem::path result = directory.string() + "-log_probs.json";
  std::ofstream(ids) << base::Json(std::vector<int64_t>(
      tokens.const_data_ptr<int64_t>(), tokens.const_data_ptr<int64_t>() + tokens.numel()));
  tests::python("tests/harness/model/training/transformers_log_probs.py", {directory, ids, result});
  return base::parse_json(base::read_file(result), result.string()).get<std::vector<double>>();
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
  expect_near(ours, transformers(out("model"), tokens), "Transformers");
  expect_near(ours, scorer(out("model"), tokens, base::Json::array(), 320), "the scorer");
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
    expect_near(ours, transformers(out(name), tokens), "Transformers, " + name);
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

}  // namespace
}  // namespace training
