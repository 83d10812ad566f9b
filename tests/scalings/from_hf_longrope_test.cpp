#include <gmock/gmock.h>

#include "tests/scalings/hf_config.h"
#include "tests/scalings/support.h"

namespace scalings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FromHf, SuIsLongRopeWithTheRatioAsFactor) {
  const HfScaling phi = read(R"({"max_position_embeddings": 131072,
      "original_max_position_embeddings": 4096,
      "rope_scaling": {"type": "su", "short_factor": [1.0, 1.1], "long_factor": [1.5, 30.0]}})");
  EXPECT_EQ(phi.chain.dump(), R"([{"factor":32.0,"long_factor":[1.5,30.0],"original_length":4096,)"
                              R"("short_factor":[1.0,1.1],"type":"longrope"}])");
  EXPECT_NEAR(plan(phi.chain.dump(), context(4, 1)).magnitude, 1.1902380714, 1e-10);
}

// Of Phi-3's kind, with the factor that its authors left out.
TEST(FromHf, LongRopeTakesTheRatioOnlyWhereNoFactorIsGiven) {
  const auto longrope = [](const std::string& top_level, const std::string& dict) {
    return read(R"({"max_position_embeddings": 131072, )" + top_level +
                R"("rope_scaling": {"rope_type": "longrope", "short_factor": [1.0],
                                    "long_factor": [2.0])" +
                dict + "}}");
  };
  const char* const top = R"("original_max_position_embeddings": 4096, )";
  EXPECT_EQ(longrope(top, "").chain[0].at("factor"), 32.0);
  EXPECT_EQ(longrope(top, R"(, "factor": null)").chain[0].at("factor"), 32.0);
  EXPECT_THAT(longrope(top, R"(, "factor": null)").warnings, IsEmpty());
  const HfScaling given = longrope(top, R"(, "factor": 16.0)");
  EXPECT_EQ(given.chain[0].at("factor"), 16.0);
  EXPECT_THAT(
      given.warnings,
      ElementsAre(
          "factor 16.0 is not max_position_embeddings / original length = 32; the explicit "
          "factor is used, as Transformers 5 does; Transformers 4 takes the ratio where the "
          "original length stands at the top level"));
  // A null at the top level is no length.
  const HfScaling nested =
      longrope(R"("original_max_position_embeddings": null, )",
               R"(, "factor": 32.0, "original_max_position_embeddings": 4096)");
  EXPECT_EQ(nested.chain[0].at("factor"), 32.0);
  EXPECT_EQ(nested.chain[0].at("original_length"), 4096);
  EXPECT_THAT(nested.warnings, IsEmpty());
}

TEST(FromHf, RefusesTwoMagnitudes) {
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 131072, "rope_scaling": {"type": "su",
                "short_factor": [1], "long_factor": [1], "factor": 2,
                "original_max_position_embeddings": 4096, "long_mscale": 1.2}})"),
            "config.json: /rope_scaling/long_mscale: two magnitudes, one per list, are not "
            "supported");
}

}  // namespace
}  // namespace scalings
