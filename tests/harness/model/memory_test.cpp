#include "harness/model/memory.h"

#include <gtest/gtest.h>

#include <string>

#include "scalings/catalog.h"
#include "tests/harness/model/random_weights.h"

namespace {

/// A path of 4,096 tokens through small models.
class PeakBytes : public testing::Test {
 protected:
  static constexpr int64_t tokens = 4096;
  const std::string self_extend = R"([{"type": "self_extend", "group": 8, "window": 512}])";

  static int64_t under(const std::string& chain, int64_t layers) {
    checkpoint::LlamaSpec spec = model_test::small_spec();
    spec.layers = layers;
    const auto plans = scalings::make_layer_plans(
        scalings::make_chain(nlohmann::json::parse(chain), "test"),
        {{spec.head_dim, spec.rotary_dim, spec.rope_theta, 128}, tokens, 0, layers});
    return model::peak_bytes(model_test::RandomWeights(spec, 1), plans, {});
  }

  std::string self_extend_on(const std::string& layers) const {
    return R"([{"type": "apply_to_layers", "layers": )" + layers + R"(, "methods": )" +
           self_extend + "}]";
  }
};

TEST_F(PeakBytes, CountsEveryDistinctPlanOnce) {
  // A position, a gain, an offset and one span of three numbers a token.
  constexpr int64_t plain_plan = tokens * 8 * (1 + 1 + 1 + 3);
  EXPECT_EQ(under(self_extend, 6), under(self_extend, 2));
  EXPECT_EQ(under(self_extend_on("[0, 2, 4]"), 6), under(self_extend, 6) + plain_plan);
}

TEST_F(PeakBytes, IsThatOfTheLayerThatNeedsMostWhereverItLies) {
  EXPECT_EQ(under(self_extend_on("[0]"), 2), under(self_extend_on("[1]"), 2));
}

}  // namespace
