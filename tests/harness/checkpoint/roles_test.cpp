#include "harness/checkpoint/roles.h"

#include <gtest/gtest.h>

#include "tests/support/random_checkpoint.h"

namespace checkpoint {
namespace {

TEST(Roles, KnowLlamasNamesAndYisTwo) {
  EXPECT_EQ(role_of("model.layers.31.self_attn.q_proj.weight"), (RoleAt{Role::query, 31}));
  EXPECT_EQ(role_of("model.layers.0.self_attn.q_proj.bias"), (RoleAt{Role::query_bias, 0}));
  EXPECT_EQ(role_of("model.embed_tokens.weight"), (RoleAt{Role::embedding, 0}));
  EXPECT_EQ(role_of("model.layers.7.ln1.weight"), (RoleAt{Role::input_norm, 7}));
  EXPECT_EQ(role_of("model.layers.7.ln2.weight"), (RoleAt{Role::post_attention_norm, 7}));
  EXPECT_EQ(standard_name({Role::input_norm, 7}), "model.layers.7.input_layernorm.weight");
  EXPECT_EQ(yi_name({Role::input_norm, 7}), "model.layers.7.ln1.weight");
  EXPECT_EQ(yi_name({Role::gate, 7}), standard_name({Role::gate, 7}));
}

TEST(Roles, RefuseNamesThatOnlyLookAlike) {
  for (const char* name :
       {"", "model.layers.", "model.layers.1", "model.layers.-1.ln1.weight",
        "model.layers.01.ln1.weight", "model.layers.1x.ln1.weight", "model.layers.1.ln1.weights",
        "model.layers.99999999999999999999.ln1.weight", "model.layers.1.lm_head.weight",
        "self_attn.q_proj.weight", "model.layers.1.self_attn.rotary_emb.inv_freq"}) {
    EXPECT_EQ(role_of(name), std::nullopt) << name;
  }
}

TEST(Roles, EveryRoleIsFoundAgainUnderBothNames) {
  LlamaSpec spec = tests::small_spec();
  spec.query_key_value_bias = spec.output_bias = spec.mlp_bias = true;
  const auto all = all_roles(spec);
  EXPECT_EQ(all.size(), 3u + 2 * 16);
  for (const RoleAt& at : all) {
    EXPECT_EQ(role_of(standard_name(at)), at);
    EXPECT_EQ(role_of(yi_name(at)), at);
    EXPECT_EQ(is_per_layer(at.role), standard_name(at).find("layers") != std::string::npos);
  }
}

// 34,388,917,248 parameters, as its index says.
TEST(Roles, ShapesOfYi34BAddUpToItsPublishedSize) {
  LlamaSpec spec;
  spec.vocabulary = 64000, spec.hidden = 7168, spec.intermediate = 20480, spec.layers = 60;
  spec.heads = 56, spec.kv_heads = 8, spec.head_dim = 128;
  int64_t parameters = 0;
  for (const RoleAt& at : all_roles(spec)) {
    int64_t product = 1;
    for (const int64_t extent : role_shape(spec, at.role)) product *= extent;
    parameters += product;
  }
  EXPECT_EQ(parameters, 34'388'917'248);
}

}  // namespace
}  // namespace checkpoint
