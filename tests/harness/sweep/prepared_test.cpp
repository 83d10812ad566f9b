#include "harness/sweep/prepared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "tests/harness/sweep/oracle_subject.h"
#include "tests/support/temporary_folder.h"

namespace sweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Warnings about methods at 512, the trained length, and 1,024.
std::vector<std::string> warnings(const std::string& methods) {
  const tests::TemporaryFolder folder;
  base::write_file_atomically(folder.path() / "model", "stands for a checkpoint");
  const Experiment experiment =
      parse_experiment(R"({"model": "model", "trained_length": 512, "lengths": [512, 1024],
          "evals": [{"type": "passkey", "protocol": "landmark", "trials": 10, "depths": 10}],
          "methods": {"plain": [], )" +
                           methods + "}}",
                       folder.path() / "experiment.json");
  const OracleSubject subject;
  return Prepared(experiment, subject).warnings();
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

TEST(Prepared, TakesEqualChainsForOneMethodThatIsRunOnce) {
  EXPECT_THAT(warnings(R"("also_plain": [])"), IsEmpty());
}

}  // namespace
}  // namespace sweep
