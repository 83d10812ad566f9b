#include <gtest/gtest.h>

#include <cmath>

#include "harness/checkpoint/hf_config.h"
#include "harness/checkpoint/llama_config.h"
#include "scalings/catalog.h"
#include "scalings/from_hf.h"
#include "tests/harness/checkpoint/llama_2_config.h"

namespace checkpoint {
namespace {

using base::Json;
// By name: other files of a unity build have a helper of this name, which would hide it.
using checkpoint::refusal;

TEST(LlamaConfig, ReadsRopeWhereTransformers4And5WriteIt) {
  const Json scaling = {{"type", "linear"}, {"factor", 2.0}};
  EXPECT_EQ(read(with(llama_2(), {{"rope_scaling", scaling}})).spec.rope_scaling, scaling);
  const Json five = {{"rope_type", "yarn"}, {"factor", 2.0}, {"rope_theta", 5e5}};
  const Reading reading = read(with(without(llama_2(), "rope_theta"), {{"rope_parameters", five}}));
  EXPECT_EQ(reading.spec.rope_theta, 5e5);
  EXPECT_EQ(reading.spec.rope_scaling, five);
  EXPECT_TRUE(reading.warnings.empty());
  EXPECT_EQ(refusal(with(llama_2(), {{"rope_scaling", scaling}, {"rope_parameters", five}})),
            "config.json: /rope_parameters: contradicts /rope_scaling; keep one of the two");
}

// Transformers 4 takes the first of them, Transformers 5 the second.
TEST(LlamaConfig, RefusesTwoValuesOfOneKey) {
  const Json five = {{"rope_type", "default"}, {"rope_theta", 5e5}};
  EXPECT_EQ(refusal(with(llama_2(), {{"rope_parameters", five}})),
            "config.json: /rope_parameters/rope_theta: contradicts /rope_theta; keep one of the "
            "two");
  EXPECT_EQ(
      read(with(llama_2(), {{"rope_parameters", five}, {"rope_theta", 500000}})).spec.rope_theta,
      5e5);
  const Json partial = {{"rope_type", "default"}, {"partial_rotary_factor", 0.5}};
  EXPECT_EQ(refusal(with(llama_2(), {{"rope_scaling", partial}, {"partial_rotary_factor", 0.25}})),
            "config.json: /rope_scaling/partial_rotary_factor: contradicts /partial_rotary_factor; "
            "keep one of the two");
}

// As Transformers 5: the exponents count the whole head, and the fraction of its pairs turns.
TEST(LlamaConfig, ProportionalTurnsAFractionOfTheWholeHead) {
  const Json p_rope = {
      {"rope_type", "proportional"}, {"rope_theta", 10000.0}, {"partial_rotary_factor", 0.25}};
  const Json nested = with(llama_2(), {{"rope_parameters", p_rope}});
  const Json outer = with(without(nested, "rope_parameters"),
                          {{"partial_rotary_factor", 0.25},
                           {"rope_parameters", without(p_rope, "partial_rotary_factor")}});
  for (const Json& config : {nested, outer}) {
    const LlamaSpec spec = read(config).spec;
    EXPECT_EQ(spec.rotary_dim, 128);
    EXPECT_EQ(read(hf_config(spec, DType::f32)).spec, spec);
    for (const Json& each : {config, hf_config(spec, DType::f32)}) {
      const auto chain =
          scalings::make_chain(scalings::from_hf(each, "config.json").chain, "config.json");
      const scalings::RotaryPlan plan = scalings::make_plan(
          chain, {.shape = {spec.head_dim, spec.rotary_dim, spec.rope_theta, 4096},
                  .length = 8,
                  .layer = 0,
                  .layers = 1});
      ASSERT_EQ(plan.inv_freq[0].size(), 64);
      EXPECT_DOUBLE_EQ(plan.inv_freq[0][15], std::pow(1e4, -30.0 / 128));
      EXPECT_EQ(plan.inv_freq[0][16], 0);
    }
  }
}

TEST(LlamaConfig, RotatesAPartOfTheHead) {
  EXPECT_EQ(read(with(llama_2(), {{"partial_rotary_factor", 0.25}})).spec.rotary_dim, 32);
  EXPECT_EQ(refusal(with(llama_2(), {{"partial_rotary_factor", 0.1}, {"head_dim", 90}})),
            "config.json: /head_dim: gives 9 rotated channels of 90: must be even and at least 2");
}

}  // namespace
}  // namespace checkpoint
