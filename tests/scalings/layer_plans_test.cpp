#include "scalings/layer_plans.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scalings/support.h"

namespace scalings {
namespace {

/// The plans of a chain for a model of 6 layers.
LayerPlans six_layers(std::string_view json, int64_t length) {
  Context at = context(8, length);
  at.layers = 6;
  return make_layer_plans(chain(json), at);
}

/// Which of the distinct plans each layer has: "010101".
std::string kinds(const LayerPlans& plans) {
  const auto known = distinct(plans);
  std::string text;
  for (const auto& plan : plans) {
    text += std::to_string(std::find(known.begin(), known.end(), plan) - known.begin());
  }
  return text;
}

constexpr const char* every_second = R"([{"type": "apply_to_layers", "layers": [0, 2, 4],
    "methods": [{"type": "self_extend", "group": 4, "window": 20}]}])";

TEST(LayerPlans, AreTwoObjectsWhereEverySecondLayerIsEdited) {
  const LayerPlans plans = six_layers(every_second, 60);
  EXPECT_EQ(kinds(plans), "010101");
  EXPECT_EQ(*plans[1], plain_plan(context(8, 60)));
}

TEST(LayerPlans, AreOneObjectWhereEditsComeToNothing) {
  EXPECT_EQ(kinds(six_layers(every_second, 20)), "000000") << "inside its window it is plain";
  EXPECT_EQ(kinds(six_layers(R"([{"type": "self_extend", "group": 4, "window": 20}])", 60)),
            "000000");
}

TEST(LayerPlans, AreAsManyAsLayersThatSeveralMethodsTellApart) {
  EXPECT_EQ(kinds(six_layers(
                R"([{"type": "apply_to_layers", "layers": [1, 2],
                     "methods": [{"type": "sliding_window", "window": 9}]},
                    {"type": "apply_to_layers", "layers": [2, 5],
                     "methods": [{"type": "linear", "factor": 2}]}])",
                60)),
            "012003");
}

TEST(ShareTrunk, AsksEveryLayer) {
  // Plain up to the trained length of 4,096 tokens, and something else for every token beyond it.
  const char* upper = R"([{"type": "apply_to_layers", "layers": [3, 5],
                           "methods": [{"type": "dynamic_ntk"}]}])";
  EXPECT_TRUE(share_trunk(six_layers(upper, 4096), six_layers(upper, 90), 90));
  EXPECT_FALSE(share_trunk(six_layers(upper, 4097), six_layers(upper, 90), 90));
  EXPECT_TRUE(share_trunk(six_layers("[]", 4097), six_layers("[]", 90), 90));
}

TEST(ShareTrunk, LooksAtNoTokenBeyondTheFork) {
  const LayerPlans plain = six_layers("[]", 60);
  const LayerPlans edited = six_layers(every_second, 60);
  EXPECT_TRUE(share_trunk(plain, edited, 20)) << "inside its window it is plain";
  EXPECT_FALSE(share_trunk(plain, edited, 60));
  EXPECT_TRUE(share_trunk(six_layers("[]", 20), edited, 60)) << "no path is longer than it is";
}

TEST(ShareTrunk, AsksTheFirstTokenOfPathsThatShareNone) {
  const LayerPlans linear = six_layers(R"([{"type": "linear", "factor": 2}])", 60);
  EXPECT_TRUE(share_trunk(linear, linear, 0));
  EXPECT_FALSE(share_trunk(linear, six_layers("[]", 60), 0));
}

}  // namespace
}  // namespace scalings
