#include "scalings/from_hf.h"

#include <gmock/gmock.h>

#include "tests/scalings/hf_config.h"

namespace scalings {
namespace {

using testing::ElementsAre;

TEST(FromHf, NoDictIsPlain) {
  EXPECT_EQ(chain_of("{}"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_scaling": null})"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"rope_type": "default"}})"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_theta": 10000.0}})"), "[]");
}

TEST(FromHf, ReadsTheOldAndTheNewNameOfTheType) {
  const char* chain = R"([{"factor":8.0,"type":"linear"}])";
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"type": "linear", "factor": 8.0}})"), chain);
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"rope_type": "linear", "factor": 8.0}})"), chain);
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_type": "linear", "factor": 8.0,
                                             "rope_theta": 1e4}})"),
            chain);
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"type": "linear", "rope_type": "linear",
                                          "factor": 8.0}})"),
            chain);
}

TEST(FromHf, DynamicStartsFromMaxPositionEmbeddings) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 4096,
                         "rope_scaling": {"type": "dynamic", "factor": 2}})"),
            R"([{"factor":2,"original_length":4096,"type":"dynamic_ntk"}])");
}

TEST(FromHf, DynamicWithAlphaIsStaticNtk) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 4096,
                         "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1}})"),
            R"([{"factor":1000.0,"type":"ntk"}])");
}

TEST(FromHf, TheTopLevelOverridesTheOriginalLengthOfTheDict) {
  const HfScaling made = read(R"({"max_position_embeddings": 8192,
      "original_max_position_embeddings": 2048,
      "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 4096}})");
  EXPECT_EQ(made.chain[0].at("original_length"), 2048);
  EXPECT_THAT(made.warnings, ElementsAre("original_max_position_embeddings 2048 of the top level "
                                         "overrides 4096 of rope_scaling"));
}

TEST(FromHf, Llama31) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 131072, "rope_scaling": {"factor": 8.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"}})"),
            R"([{"factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,)"
            R"("original_length":8192,"type":"llama3"}])");
}

TEST(FromHf, ProportionalTakesItsFractionFromPartialRotaryFactor) {
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_type": "proportional", "rope_theta": 1e6,
                                             "partial_rotary_factor": 0.25}})"),
            R"([{"fraction":0.25,"type":"proportional"}])");
}

TEST(FromHf, ProportionalTakesItsFractionFromTheTopLevelToo) {
  EXPECT_EQ(chain_of(R"({"partial_rotary_factor": 0.5,
                         "rope_parameters": {"rope_type": "proportional", "rope_theta": 1e6}})"),
            R"([{"fraction":0.5,"type":"proportional"}])");
}

TEST(FromHf, WarnsOfKeysThatNobodyReads) {
  EXPECT_THAT(
      read(R"({"rope_scaling": {"type": "linear", "factor": 2, "finetuned": true}})").warnings,
      ElementsAre("finetuned of rope_scaling means nothing to type linear and is ignored"));
}

}  // namespace
}  // namespace scalings
