#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/model/training/model_export.h"
#include "scalings/catalog.h"

namespace training {
namespace {

using ::testing::HasSubstr;

TEST(HfRope, RefusesAChainThatConfigJsonCannotSay) {
  const scalings::RopeShape shape{64, 64, 10000.0, 320};
  const base::Json beta = {{{"type", "yarn"}, {"factor", 2}, {"beta_fast", 16}}};
  const base::Json both = {{{"type", "linear"}, {"factor", 2}}, {{"type", "log_n"}}};
  for (const base::Json& chain : {beta, both}) {
    try {
      hf_rope(scalings::make_chain(chain, "chain"), shape, 640);
      ADD_FAILURE() << "an export that loses part of " << chain;
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("config.json has no words for"));
    }
  }
}

TEST(HfRope, SaysLinearYarnAndEveryChangeOfTheBase) {
  const scalings::RopeShape shape{64, 64, 10000.0, 320};
  const auto rope = [&](const base::Json& chain) {
    return hf_rope(scalings::make_chain(chain, "chain"), shape, 640);
  };
  EXPECT_EQ(rope(base::Json::array()).theta, 10000);
  EXPECT_TRUE(rope(base::Json::array()).scaling.is_null());
  EXPECT_EQ(rope({{{"type", "abf"}, {"theta", 500000}}}).theta, 500000);
  EXPECT_NEAR(rope({{{"type", "ntk"}, {"factor", 2}}}).theta, 10000 * std::pow(2.0, 64.0 / 62),
              1e-6);
  EXPECT_EQ(rope({{{"type", "linear"}, {"factor", 2}}}).scaling.at("rope_type"), "linear");
  EXPECT_EQ(
      rope({{{"type", "yarn"}, {"factor", 2}}}).scaling.at("original_max_position_embeddings"),
      320);
}

}  // namespace
}  // namespace training
