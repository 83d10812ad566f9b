#include "harness/model/memory.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "scalings/catalog.h"
#include "tests/harness/model/random_weights.h"

namespace {

using checkpoint::DType;
using checkpoint::Role;

/// Float32 weights some of which a file would hold otherwise.
class OddWeights : public model_test::RandomWeights {
 public:
  std::set<Role> converted;
  std::set<Role> float16;  ///< said to be that, in the last layer

  OddWeights() : RandomWeights(model_test::small_spec(), 1) {}
  bool is_converted(Role role) const override { return converted.contains(role); }
  checkpoint::TensorView tensor(Role role, int64_t layer) const override {
    checkpoint::TensorView view = RandomWeights::tensor(role, layer);
    if (float16.contains(role) && layer + 1 == spec().layers) view.dtype = DType::f16;
    return view;
  }
};

/// A path of 4,096 tokens through small models.
class PeakBytes : public testing::Test {
 protected:
  static constexpr int64_t tokens = 4096;
  const std::string self_extend = R"([{"type": "self_extend", "group": 8, "window": 512}])";

  static int64_t peak(const checkpoint::Weights& weights, const std::string& chain,
                      const model::MemoryCase& memory_case) {
    const checkpoint::LlamaSpec& spec = weights.spec();
    const auto plans = scalings::make_layer_plans(
        scalings::make_chain(nlohmann::json::parse(chain), "test"),
        {{spec.head_dim, spec.rotary_dim, spec.rope_theta, 128}, tokens, 0, spec.layers});
    return model::peak_bytes(weights, plans, memory_case);
  }

  static int64_t under(const std::string& chain, int64_t layers) {
    checkpoint::LlamaSpec spec = model_test::small_spec();
    spec.layers = layers;
    return peak(model_test::RandomWeights(spec, 1), chain, {});
  }

  /// What these weights cost beyond those that are float32 and borrowed.
  static int64_t cost(const OddWeights& odd, model::Compute compute) {
    const model::MemoryCase memory_case{.compute = compute, .threads = 3};
    return peak(odd, "[]", memory_case) - peak(OddWeights(), "[]", memory_case);
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

// Hidden 64, intermediate 112, 64 queries and 32 keys a row; 64 rows a thread at a time.
TEST_F(PeakBytes, CountsOfAConvertedLayerOnlyTheMatricesThatAreConverted) {
  OddWeights interleaved;  // as in every GGUF file
  interleaved.converted = {Role::query, Role::key};
  constexpr int64_t rows_on_their_way = 3 * 64 * 64 * 4;
  EXPECT_EQ(cost(interleaved, model::Compute::float32), (64 + 32) * 64 * 4 + rows_on_their_way);
  EXPECT_EQ(cost(interleaved, model::Compute::bfloat16), rows_on_their_way)
      << "float32 weights are copied in any case";

  OddWeights quantised;
  quantised.converted = {Role::query, Role::key, Role::value, Role::output,
                         Role::gate,  Role::up,  Role::down};
  EXPECT_EQ(cost(quantised, model::Compute::float32),
            (64 + 32 + 32 + 64 + 3 * 112) * 64 * 4 + 3 * 64 * 112 * 4);
}

TEST_F(PeakBytes, CountsTheMatricesOfAnotherTypeInTheLayerThatHasMost) {
  OddWeights mixed;
  mixed.float16 = {Role::value, Role::down, Role::input_norm};
  EXPECT_EQ(cost(mixed, model::Compute::float32), (32 + 112) * 64 * 4);
  EXPECT_EQ(cost(mixed, model::Compute::bfloat16), 0);
}

}  // namespace
