#include <gmock/gmock.h>

#include "tests/scalings/hf_config.h"

namespace scalings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FromHf, YarnOfQwen) {
  const HfScaling qwen = read(R"({"max_position_embeddings": 131072,
      "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}})");
  EXPECT_EQ(qwen.chain.dump(), R"([{"factor":4.0,"original_length":32768,"type":"yarn"}])");
  EXPECT_THAT(qwen.warnings, IsEmpty());
}

TEST(FromHf, YarnTakesItsFactorFromTheLengthsWhereNull) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 32768, "rope_scaling": {"rope_type": "yarn",
                         "factor": null, "original_max_position_embeddings": 4096}})"),
            R"([{"factor":8.0,"original_length":4096,"type":"yarn"}])");
}

TEST(FromHf, YarnReadsZeroBetasAsUnset) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 8192, "rope_scaling": {"rope_type": "yarn",
                         "factor": 2, "original_max_position_embeddings": 4096, "beta_fast": 0,
                         "beta_slow": 2, "mscale": 1.0, "mscale_all_dim": 1.0,
                         "truncate": false}})"),
            R"([{"beta_slow":2,"factor":2,"mscale":1.0,"mscale_all_dim":1.0,)"
            R"("original_length":4096,"truncate":false,"type":"yarn"}])");
}

TEST(FromHf, YarnWithoutAnOriginalLengthWarns) {
  const HfScaling read_back = read(R"({"max_position_embeddings": 4096,
                                       "rope_scaling": {"type": "yarn", "factor": 8.0}})");
  EXPECT_EQ(read_back.chain[0].at("original_length"), 4096);
  EXPECT_THAT(read_back.warnings,
              ElementsAre("no original_max_position_embeddings: max_position_embeddings 4096 is "
                          "taken as the length before stretching"));
}

TEST(FromHf, YarnWarnsOfAFactorThatIsNotTheRatio) {
  EXPECT_THAT(read(R"({"max_position_embeddings": 16384, "rope_scaling": {"type": "yarn",
                       "factor": 8.0, "original_max_position_embeddings": 4096}})")
                  .warnings,
              ElementsAre("factor 8.0 is not max_position_embeddings / original length = 4; the "
                          "explicit factor is used"));
}

}  // namespace
}  // namespace scalings
