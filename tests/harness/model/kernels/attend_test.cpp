#include "harness/model/kernels/attend.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/model/kernels/attend_reference.h"
#include "tests/harness/model/kernels/attend_error.h"
#include "tests/harness/model/kernels/synthetic_plans.h"

namespace {

using model_test::bfloat16_rms;
using model_test::error_of;
using model_test::float32_largest;
using model_test::Inputs;
using model_test::kernels_of_this_cpu;
using model_test::random_inputs;

class EveryKernel : public testing::TestWithParam<model::Kernel> {};

INSTANTIATE_TEST_SUITE_P(Attend, EveryKernel, testing::ValuesIn(kernels_of_this_cpu()),
                         [](const auto& kernel) { return model::name(kernel.param); });

TEST(AttendReference, OneQuerySeesTheWeightedMeanOfItsKeysByHand) {
  const scalings::RotaryPlan plan = model_test::plain(2, 2, 2);
  // Query 1 and key 0 are one radian apart: <R q, R k> = cos 1 for equal unit vectors, so that the
  // logits are cos(1)/sqrt 2 and 1/sqrt 2.
  const at::Tensor unit = at::tensor({1.0, 0.0}).view({1, 1, 2}).expand({2, 1, 2});
  const at::Tensor value = at::tensor({10.0, 0.0, 20.0, 0.0}).view({2, 1, 2});
  const at::Tensor out = model::attend_reference(plan, unit, unit, value, at::kDouble);
  const double near = std::exp(1 / std::sqrt(2.0));
  const double far = std::exp(std::cos(1.0) / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(out[0][0][0].item<double>(), 10);
  EXPECT_NEAR(out[1][0][0].item<double>(), (10 * far + 20 * near) / (far + near), 1e-12);
}

TEST_P(EveryKernel, EqualsTheReferenceOnThePlainPlan) {
  for (const int64_t length : {1, 2, 7, 127, 128, 129, 500, 513, 700}) {
    const scalings::RotaryPlan plan = model_test::plain(length, 64, 64);
    EXPECT_LE(error_of(plan, {4, 2, 64}, at::kFloat, GetParam()).largest, float32_largest)
        << length;
    EXPECT_LE(error_of(plan, {4, 2, 64}, at::kBFloat16, GetParam()).rms, bfloat16_rms) << length;
  }
}

TEST_P(EveryKernel, EqualsTheReferenceOnRaggedPlans) {
  for (const int64_t length : {3, 64, 130, 517, 1100}) {
    const scalings::RotaryPlan plan = model_test::ragged(length, 32, 24, length);
    EXPECT_LE(error_of(plan, {6, 2, 32}, at::kFloat, GetParam()).largest, float32_largest)
        << length;
    EXPECT_LE(error_of(plan, {6, 2, 32}, at::kBFloat16, GetParam()).rms, bfloat16_rms) << length;
  }
}

TEST_P(EveryKernel, ServesAllGroupingsAndHeadDims) {
  const std::vector<model::AttentionShape> shapes = {{7, 1, 128}, {14, 2, 16}, {3, 3, 80},
                                                     {2, 1, 96},  {1, 1, 40},  {2, 2, 6}};
  for (const model::AttentionShape& shape : shapes) {
    const scalings::RotaryPlan plan =
        model_test::ragged(300, shape.head_dim, shape.head_dim / 4 * 2, 1);
    EXPECT_LE(error_of(plan, shape, at::kFloat, GetParam()).largest, float32_largest)
        << shape.head_dim;
    EXPECT_LE(error_of(plan, shape, at::kBFloat16, GetParam()).rms, bfloat16_rms) << shape.head_dim;
  }
}

TEST_P(EveryKernel, AnswersASubsetOfTheQueriesAsItAnswersAll) {
  const scalings::RotaryPlan plan = model_test::ragged(400, 64, 64, 3);
  const model::AttentionShape shape{2, 1, 64};
  const Inputs in = random_inputs(400, shape, at::kFloat);
  const at::Tensor all = model::attend(plan, in.query, in.key, in.value, GetParam());
  const model::RowPlan rows({{0, 0, 400, &plan}});
  const auto attention = model::make_attention(shape, rows, at::kFloat, GetParam());
  attention->store(0, in.key.narrow(0, 0, 130), in.value.narrow(0, 0, 130));
  attention->store(130, in.key.narrow(0, 130, 270), in.value.narrow(0, 130, 270));
  const std::vector<int64_t> some = {0, 5, 131, 132, 300, 399};
  const at::Tensor index = at::tensor(some);
  const at::Tensor part = attention->attend(some, in.query.index_select(0, index));
  EXPECT_LE((part - all.index_select(0, index)).abs().max().item<double>(), 5e-6);
}

TEST_P(EveryKernel, GivesTheSameBitsForAnyNumberOfThreads) {
  const scalings::RotaryPlan plan = model_test::ragged(900, 64, 64, 4);
  const int before = at::get_num_threads();
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const Inputs in = random_inputs(900, {4, 2, 64}, dtype);
    at::set_num_threads(1);
    const at::Tensor one = model::attend(plan, in.query, in.key, in.value, GetParam());
    at::set_num_threads(2);
    const at::Tensor two = model::attend(plan, in.query, in.key, in.value, GetParam());
    EXPECT_TRUE(at::equal(one, two)) << dtype;
  }
  at::set_num_threads(before);
}

}  // namespace
