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

}  // namespace
}  // namespace scalings
