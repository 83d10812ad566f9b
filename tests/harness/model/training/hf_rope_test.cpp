#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "harness/model/training/model_export.h"
#include "scalings/catalog.h"
#include "tests/support/error_text.h"

namespace training {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr scalings::RopeShape kShape{64, 64, 10000.0, 320};

/// Of a model of three layers, trained on 320 tokens first.
HfRope rope_of(const base::Json& chain, const std::set<int64_t>& lengths = {640}) {
  return hf_rope(scalings::make_chain(chain, "chain"), kShape, 3, lengths);
}

std::string refusal_of(const base::Json& chain, const std::set<int64_t>& lengths = {640}) {
  return tests::error_text([&] { rope_of(chain, lengths); });
}

base::Json on_layers(const std::vector<int64_t>& layers, const base::Json& methods) {
  return {{{"type", "apply_to_layers"}, {"layers", layers}, {"methods", methods}}};
}

TEST(HfRope, SaysLinearYarnAndEveryChangeOfTheBase) {
  EXPECT_EQ(rope_of(base::Json::array()).theta, 10000);
  EXPECT_TRUE(rope_of(base::Json::array()).scaling.is_null());
  EXPECT_EQ(rope_of({{{"type", "abf"}, {"theta", 500000}}}).theta, 500000);
  EXPECT_NEAR(rope_of({{{"type", "ntk"}, {"factor", 2}}}).theta, 10000 * std::pow(2.0, 64.0 / 62),
              1e-6);
  EXPECT_EQ(rope_of({{{"type", "linear"}, {"factor", 2}}}).scaling,
            base::Json({{"rope_type", "linear"}, {"factor", 2}}));
  base::Json yarn = {
      {"rope_type", "yarn"}, {"factor", 2}, {"original_max_position_embeddings", 320}};
  EXPECT_EQ(rope_of({{{"type", "yarn"}, {"factor", 2}}}).scaling, yarn);
  yarn["original_max_position_embeddings"] = 160;
  EXPECT_EQ(rope_of({{{"type", "yarn"}, {"factor", 2}, {"original_length", 160}}}).scaling, yarn);
}

TEST(HfRope, RefusesAChainThatConfigJsonCannotSay) {
  const base::Json beta = {{{"type", "yarn"}, {"factor", 2}, {"beta_fast", 16}}};
  const base::Json both = {{{"type", "linear"}, {"factor", 2}}, {{"type", "log_n"}}};
  for (const base::Json& chain : {beta, both}) {
    EXPECT_THAT(refusal_of(chain), HasSubstr("config.json has no words for")) << chain;
  }
}

TEST(HfRope, RefusesAChainThatLeavesALayerOut) {
  const base::Json abf = {{{"type", "abf"}, {"theta", 500000}}};
  for (const std::vector<int64_t>& layers : {std::vector<int64_t>{0}, {1}, {0, 2}, {1, 2}}) {
    EXPECT_THAT(refusal_of(on_layers(layers, abf), {320, 640}),
                AllOf(HasSubstr(R"(config.json has no words for [{"layers":)"),
                      HasSubstr("rotates layer 1 at 640 tokens otherwise than layer 0 at 640;")));
  }
  EXPECT_THAT(refusal_of(on_layers({2}, abf)), HasSubstr("rotates layer 2 at 640 tokens"));
  EXPECT_EQ(rope_of(on_layers({0, 1, 2}, abf)).theta, 500000);
}

TEST(HfRope, NamesALayerThatTheModelDoesNotHave) {
  EXPECT_THAT(refusal_of(on_layers({3}, base::Json::array())),
              HasSubstr("must be in [0, 3), the layers of this model (got 3)"));
}

TEST(HfRope, RefusesAChainThatFollowsTheLengthOverSeveralLengths) {
  const base::Json dynamic = {{{"type", "dynamic_ntk"}}};
  const auto follows = [](const char* type) {
    return base::Json({{{"type", type}, {"factor", "length/trained"}}});
  };
  for (const base::Json& chain : {dynamic, follows("ntk"), follows("linear"), follows("yarn")}) {
    EXPECT_THAT(refusal_of(chain, {320, 640}),
                AllOf(HasSubstr("config.json has no words for " +
                                scalings::params(scalings::make_chain(chain, "chain")).dump()),
                      HasSubstr("rotates layer 0 at 320 tokens otherwise than layer 0 at 640;")));
  }
}

TEST(HfRope, SaysAChainThatFollowsTheLengthWhereItIsTrainedOnOne) {
  const auto follows = [](const char* type) {
    return rope_of({{{"type", type}, {"factor", "length/trained"}}});
  };
  for (const char* type : {"linear", "yarn"}) EXPECT_EQ(follows(type).scaling.at("factor"), 2);
  EXPECT_EQ(follows("ntk").theta, rope_of({{{"type", "ntk"}, {"factor", 2}}}).theta);
  // No longer than the trained length, it is plain.
  const HfRope plain = rope_of({{{"type", "dynamic_ntk"}}}, {160, 320});
  EXPECT_EQ(plain.theta, 10000);
  EXPECT_TRUE(plain.scaling.is_null());
}

}  // namespace
}  // namespace training
