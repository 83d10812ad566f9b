#include "harness/sweep/prepared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "scalings/from_hf.h"
#include "tests/harness/sweep/oracle_subject.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

/// Warnings about methods at 512, the trained length, and 1,024, of a checkpoint with a scaling of
/// its own or none.
std::vector<std::string> warnings(const std::string& methods,
                                  const base::Json& configured = base::Json::array()) {
  const tests::TemporaryFolder folder;
  base::write_file_atomically(folder.path() / "model", "stands for a checkpoint");
  const Experiment experiment =
      parse_experiment(R"({"model": "model", "trained_length": 512, "lengths": [512, 1024],
          "evals": [{"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 10}],
          "methods": {"plain": [], )" +
                           methods + "}}",
                       folder.path() / "experiment.json");
  OracleSubject subject;
  subject.configured = configured;
  return Prepared(experiment, subject).warnings();
}

TEST(Prepared, NamesTheMethodThatTheModelCannotServe) {
  try {
    warnings(R"("cope": [{"type": "cope", "pairs": {"grid": [20, 40]}}])");
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(std::string(error.what()),
              error.file() +
                  ": /methods/cope[pairs=40]: cope/1: pairs: must be <= 32, the pairs of this "
                  "model (got 40)");
    EXPECT_THAT(error.file(), testing::EndsWith("experiment.json"));
  }
}

TEST(Prepared, NamesEveryLengthThatAnEvalCannotAskAboutInOneGo) {
  const tests::TemporaryFolder folder;
  base::write_file_atomically(folder.path() / "model", "stands for a checkpoint");
  base::write_file_atomically(folder.path() / "book.txt", std::string(1500, 'a'));
  const Experiment experiment = parse_experiment(R"({"model": "model",
      "lengths": [100, 1024, 2048, 4096], "methods": {"plain": []}, "evals": [
      {"type": "perplexity", "protocol": "press", "stride": 256, "corpus": ["book.txt"]},
      {"type": "niah", "protocol": "text", "trials": 10, "depths": 10, "hay": ["book.txt"],
       "lengths": [1024, 2048, 4096]},
      {"type": "perplexity", "protocol": "fixed-target", "targets": 500, "corpus": ["book.txt"],
       "lengths": [1024]},
      {"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 10}]})",
                                                 folder.path() / "experiment.json");
  OracleSubject subject;
  std::vector<std::string> problems;
  try {
    const Prepared prepared(experiment, subject);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.file(), (folder.path() / "experiment.json").string());
    for (const base::Problem& problem : error.problems()) {
      problems.push_back(problem.place + ": " + problem.cause);
    }
  }
  EXPECT_THAT(problems,
              ElementsAre("/evals/0: stride: 256 would pass over tokens at length 100",
                          StartsWith("/evals/1: book.txt: is the longest document and has 1,5"),
                          StartsWith("/evals/1: book.txt: is the longest document and has 1,5"),
                          "/evals/2: targets: 500 is more than a quarter of the trained length 512",
                          StartsWith("/evals/3: passkey/landmark needs at least ")));
}

TEST(Prepared, WarnsOfTwoMethodsThatAreOneAtEveryLength) {
  EXPECT_THAT(warnings(R"("dynamic": [{"type": "dynamic_yarn"}],
                          "by-length": [{"type": "yarn", "factor": "length/trained"}])"),
              ElementsAre("by-length and dynamic are the same at every length: one of them is work "
                          "done twice"));
}

TEST(Prepared, WarnsOfNoTwinsThatDifferAtOneLengthOrInOneLayer) {
  EXPECT_THAT(warnings(R"("dynamic": [{"type": "dynamic_yarn"}])"), IsEmpty())
      << "plain at 512, not at 1024";
  EXPECT_THAT(warnings(R"("upper": [{"type": "apply_to_layers", "layers": [1],
                                     "methods": [{"type": "abf", "theta": 50000}]}])"),
              IsEmpty())
      << "plain in layer 0, not in layer 1";
}

// Of Llama 3.1's config.json.
TEST(Prepared, WarnsOfMethodsThatReplaceTheCheckpointsOwnScalingAndOfNoOthers) {
  const base::Json config = base::Json::parse(
      R"({"max_position_embeddings": 131072, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
          "rope_type": "llama3"}})");
  EXPECT_THAT(warnings(R"("own": "as_configured",
                          "written-out": [{"type": "llama3", "factor": 8, "original_length": 8192}])",
                       scalings::from_hf(config, "config.json").chain),
              ElementsAre("plain: replaces the checkpoint's own rope_scaling "
                          R"([{"factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,)"
                          R"("original_length":8192,"type":"llama3"}])"));
}

TEST(Prepared, TakesEqualChainsForOneMethodThatIsRunOnce) {
  EXPECT_THAT(warnings(R"("also_plain": [])"), IsEmpty());
}

}  // namespace
}  // namespace sweep
