#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/model/kernels/attend_reference.h"
#include "scalings/catalog.h"
#include "tests/harness/model/kernels/attend_error.h"
#include "tests/harness/model/kernels/synthetic_plans.h"
#include "tests/harness/model/position_methods.h"

// Nothing in harness/ knows a method's name; these tests walk the catalog, so that a new method
// that sets positions fails here until it is held to the reference too.
namespace {

using model_test::error_of;
using model_test::PositionMethod;

constexpr model::AttentionShape grouped{6, 2, 32};
constexpr int64_t rotary_dim = 24;

scalings::RotaryPlan plan_of(const PositionMethod& method, int64_t length, int64_t layer) {
  return scalings::make_plan(model_test::chain_of(method),
                             {{grouped.head_dim, rotary_dim, 10000.0, 128}, length, layer, 2});
}

using MethodAndKernel = std::tuple<PositionMethod, model::Kernel>;

class EveryPositionMethod : public testing::TestWithParam<MethodAndKernel> {
 protected:
  const PositionMethod& method() const { return std::get<0>(GetParam()); }
  void expect_the_reference(int64_t length, int64_t layer) const {
    const scalings::RotaryPlan plan = plan_of(method(), length, layer);
    const model::Kernel kernel = std::get<1>(GetParam());
    EXPECT_LE(error_of(plan, grouped, at::kFloat, kernel).largest, model_test::float32_largest)
        << length << " tokens, layer " << layer;
    EXPECT_LE(error_of(plan, grouped, at::kBFloat16, kernel).rms, model_test::bfloat16_rms)
        << length << " tokens, layer " << layer;
  }
};

std::string case_name(const testing::TestParamInfo<MethodAndKernel>& info) {
  return std::get<0>(info.param).name + "_" + model::name(std::get<1>(info.param));
}

TEST_P(EveryPositionMethod, EqualsTheReferenceAtRaggedLengths) {
  for (const int64_t length : {1, 19, 129, 397}) {
    expect_the_reference(length, 0);
  }
  expect_the_reference(131, 1);
}

INSTANTIATE_TEST_SUITE_P(Attend, EveryPositionMethod,
                         testing::Combine(testing::ValuesIn(model_test::position_methods()),
                                          testing::ValuesIn(model_test::kernels_of_this_cpu())),
                         case_name);

class WideWindows : public EveryPositionMethod {};

TEST_P(WideWindows, EqualTheReferenceAcrossTilesOfKeys) { expect_the_reference(1100, 0); }

INSTANTIATE_TEST_SUITE_P(Attend, WideWindows,
                         testing::Combine(testing::ValuesIn(model_test::wide_position_methods()),
                                          testing::Values(model::best_kernel(at::kFloat, grouped))),
                         case_name);

TEST(PositionMethods, CoverTheCatalog) {
  std::set<std::string> covered;
  for (const PositionMethod& method : model_test::position_methods()) {
    for (const auto& member : nlohmann::json::parse(method.chain)) {
      covered.insert(member.at("type"));
    }
  }
  for (const scalings::Method& method : scalings::catalog()) {
    if (method.edits & scalings::Part::positions) {
      EXPECT_TRUE(covered.contains(std::string(method.name))) << method.name;
    }
  }
  EXPECT_TRUE(covered.contains("apply_to_layers"));
}

TEST(PositionMethods, MoveTheReferenceFarBeyondTheTolerance) {
  const auto in = model_test::random_inputs(397, grouped, at::kFloat);
  const at::Tensor plain =
      model::attend_reference(model_test::plain(397, grouped.head_dim, rotary_dim), in.query,
                              in.key, in.value, at::kDouble);
  for (const PositionMethod& method : model_test::position_methods()) {
    const at::Tensor moved =
        model::attend_reference(plan_of(method, 397, 0), in.query, in.key, in.value, at::kDouble);
    EXPECT_GE((moved - plain).square().mean().sqrt().item<double>(), 0.02) << method.name;
  }
}

}  // namespace
