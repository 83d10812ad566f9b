#include "harness/sweep/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using base::Json;

const fs::path bad_experiments =
    fs::path(ROPEWALK_SOURCE_DIR) / "tests/harness/sweep/bad_experiments";

Experiment parse(const std::string& text) {
  return parse_experiment(text, bad_experiments / "x.json");
}

const char* const whole = R"({
  "model": "model", "trained_length": 4096, "dtype": "bfloat16", "seed": 1,
  "methods": {"plain": [], "yarn": [{"type": "yarn", "factor": {"grid": [2, 4]}}],
              "own": "as_configured"},
  "evals": [
    {"type": "passkey", "protocol": "landmark", "trials": {"4096": 60, "8192": 30}, "depths": 10},
    {"type": "kv", "protocol": "json", "trials": 20, "methods": ["plain", "yarn"], "absent": true},
    {"type": "perplexity", "protocol": "fixed-target", "targets": 1024, "corpus": ["book.txt"],
     "lengths": [4096]}],
  "lengths": [4096, 8192], "trials_after_failure": 10})";

TEST(Experiment, ResolvesEveryDefault) {
  const Experiment experiment = parse(whole);
  EXPECT_EQ(experiment.baseline, "plain");
  EXPECT_EQ(experiment.bos, "auto");
  EXPECT_EQ(experiment.tau, 0.85);
  EXPECT_EQ(experiment.alpha, 0.05);
  EXPECT_EQ(experiment.delta, 0.01);
  ASSERT_EQ(experiment.evals.size(), 3u);
  EXPECT_EQ(experiment.evals[0].retrieval->protocol, "passkey/landmark/1");
  EXPECT_EQ(experiment.evals[0].retrieval->trials.at(8192), 30);
  EXPECT_THAT(experiment.evals[0].methods,
              testing::ElementsAre("own", "plain", "yarn[factor=2]", "yarn[factor=4]"));
  EXPECT_THAT(experiment.evals[1].methods,
              testing::ElementsAre("plain", "yarn[factor=2]", "yarn[factor=4]"));
  EXPECT_THAT(experiment.evals[2].lengths, testing::ElementsAre(4096));
  EXPECT_EQ(experiment.method("yarn[factor=4]").chain.at(0).at("beta_fast"), 32);
}

TEST(Experiment, TheResolvedFormReadsBackToItself) {
  const Json once = to_json(parse(whole));
  const Experiment again = parse(once.dump());
  EXPECT_EQ(to_json(again), once);
  EXPECT_EQ(again.method("yarn[factor=4]").grid, "yarn");
}

TEST(Experiment, AnotherModelMayTakeThePlaceOfItsOwn) {
  const fs::path file = bad_experiments / "x.json";
  const auto own = parse(whole);
  const auto changed = parse_experiment(whole, file, (bad_experiments / "book.txt").string());
  EXPECT_EQ(changed.model, bad_experiments / "book.txt");
  EXPECT_EQ(fingerprint(changed), fingerprint(own));
  const auto from_the_root = [&](const char* model) {
    const fs::path here = fs::current_path();
    fs::current_path(ROPEWALK_SOURCE_DIR);
    const std::string written = parse_experiment(whole, file, model).model;
    fs::current_path(here);
    return written;
  };
  EXPECT_EQ(from_the_root("configs/models"), "configs/models")
      << "no absolute path where none is due";
  EXPECT_EQ(from_the_root("tests/../configs"), "tests/../configs");
  std::string broken = whole;
  broken.replace(broken.find("\"model\": \"model\""), 16, "\"model\": \"gone\"");
  EXPECT_NO_THROW(parse_experiment(broken, file, (bad_experiments / "model").string()));
  try {
    parse_experiment(whole, file, "no/such/model");
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(std::string(error.what()),
              file.string() + ": --model: no such file or folder: no/such/model");
  }
}

TEST(Experiment, ItsFingerprintIgnoresWhereFilesLieAndNothingElse) {
  const Json json = to_json(parse(whole));
  const auto with = [&](const char* pointer, const Json& value) {
    Json changed = json;
    changed[Json::json_pointer(pointer)] = value;
    return fingerprint(parse(changed.dump()));
  };
  const std::string print = fingerprint(parse(whole));
  EXPECT_EQ(with("/model", "../bad_experiments/model"), print);
  EXPECT_NE(with("/seed", 2), print);
  EXPECT_NE(with("/tau", 0.9), print);
  EXPECT_NE(with("/evals/0/trials/8192", 40), print);
  EXPECT_NE(with("/methods/yarn[factor=4]/0/beta_fast", 33), print);
}

TEST(Experiment, FindsFilesInTheFoldersAboveIt) {
  EXPECT_EQ(locate(bad_experiments, "tests/CMakeLists.txt"),
            fs::path(ROPEWALK_SOURCE_DIR) / "tests/CMakeLists.txt");
  EXPECT_EQ(locate(bad_experiments, "no/such/file"), std::nullopt);
  EXPECT_EQ(locate(bad_experiments, ""), std::nullopt);
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(bad_experiments)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BadExperiment : public testing::TestWithParam<std::string> {};

/// Beside every bad experiment lies what its author is told, word by word.
TEST_P(BadExperiment, SaysExactlyWhatIsWrong) {
  const std::string expected = base::read_file(bad_experiments / (GetParam() + ".txt"));
  const fs::path file = bad_experiments / (GetParam() + ".json");
  try {
    read_experiment(file);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::input);
    std::string said = error.what();
    for (size_t at; (at = said.find(bad_experiments.string() + "/")) != std::string::npos;) {
      said.erase(at, bad_experiments.string().size() + 1);
    }
    EXPECT_EQ(said + "\n", expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Sweep, BadExperiment, testing::ValuesIn(cases()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace sweep
