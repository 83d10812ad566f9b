#include "harness/model/path_plans.h"

#include <gtest/gtest.h>

#include <set>

#include "scalings/catalog.h"

namespace {

TEST(PathPlans, AreOneObjectForAllEqualLayersOfALength) {
  const scalings::Chain chain = scalings::make_chain(
      nlohmann::json::parse(R"([{"type": "apply_to_layers", "layers": [0, 2, 4],
                                 "methods": [{"type": "self_extend", "group": 4, "window": 20}]}])"),
      "test");
  model::PathPlans plans(chain, {16, 16, 10000, 128}, 6);
  const auto& made = plans.of_length(60);
  EXPECT_EQ(std::set(made.begin(), made.end()).size(), 2u);
  EXPECT_EQ(made[0], made[4]);
  EXPECT_EQ(made[1], made[5]);
  EXPECT_EQ(&plans.of_length(60), &made) << "made once";
}

}  // namespace
