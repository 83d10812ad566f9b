#include "harness/checkpoint/llama_config.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/checkpoint/hf_config.h"
#include "tests/harness/checkpoint/llama_2_config.h"
#include "tests/support/error_text.h"
#include "tests/support/random_checkpoint.h"

namespace checkpoint {
namespace {

using base::Json;
// By name: other files of a unity build have a helper of this name, which would hide it.
using checkpoint::refusal;

TEST(LlamaConfig, ReadsLlama2) {
  const auto [spec, warnings] = read(llama_2());
  EXPECT_TRUE(warnings.empty()) << warnings.front();
  LlamaSpec expected;
  expected.vocabulary = 32000;
  expected.hidden = 4096;
  expected.intermediate = 11008;
  expected.layers = 32;
  expected.heads = 32;
  expected.kv_heads = 32;
  expected.head_dim = 128;
  expected.rotary_dim = 128;
  expected.rope_theta = 10000;
  expected.rms_norm_eps = 1e-5;
  expected.max_position_embeddings = 4096;
  EXPECT_EQ(spec, expected);
}

TEST(LlamaConfig, WarnsOfAMissingThetaNamingTheDefaultOfTheFamily) {
  const Json bare = without(llama_2(), "rope_theta");
  EXPECT_EQ(read(bare).spec.rope_theta, 10000);
  EXPECT_EQ(read(bare).warnings,
            std::vector<std::string>{"/rope_theta is missing: llama takes 10000; a checkpoint "
                                     "trained with another base breaks far inside its window"});
  const Reading yi = read(with(bare, {{"model_type", "Yi"}}));
  EXPECT_EQ(yi.spec.rope_theta, 5e6);
  EXPECT_EQ(yi.warnings,
            std::vector<std::string>{"/rope_theta is missing: Yi takes 5000000; a checkpoint "
                                     "trained with another base breaks far inside its window"});
}

TEST(LlamaConfig, FillsInWhatTransformersFillsIn) {
  EXPECT_EQ(read(without(llama_2(), "num_key_value_heads")).spec.kv_heads, 32);
  EXPECT_EQ(read(with(llama_2(), {{"num_key_value_heads", nullptr}})).spec.kv_heads, 32);
  const Json yi = with(llama_2(), {{"model_type", "Yi"}});
  EXPECT_EQ(read(without(yi, "num_key_value_heads")).spec.kv_heads, 4);
  const Reading bare = read(without(llama_2(), "rms_norm_eps"));
  EXPECT_EQ(bare.spec.rms_norm_eps, 1e-6);
  EXPECT_EQ(bare.warnings, std::vector<std::string>{"/rms_norm_eps is missing: llama takes 1e-06"});
}

TEST(LlamaConfig, ReadsBiases) {
  const LlamaSpec spec = read(with(llama_2(), {{"attention_bias", true}, {"mlp_bias", true}})).spec;
  EXPECT_TRUE(spec.query_key_value_bias && spec.output_bias && spec.mlp_bias);
}

TEST(LlamaConfig, RefusesByNameWhatChangesTheComputation) {
  EXPECT_EQ(refusal(with(llama_2(), {{"logit_scale", 0.5}, {"qk_norm", true}, {"alibi", false}})),
            "config.json: /logit_scale: changes the computation and is not supported; this "
            "checkpoint cannot be scored\n"
            "config.json: /qk_norm: changes the computation and is not supported; this checkpoint "
            "cannot be scored");
  EXPECT_EQ(refusal(with(llama_2(), {{"quantization_config", {{"bits", 4}}}})),
            "config.json: /quantization_config: changes the computation and is not supported; this "
            "checkpoint cannot be scored");
  EXPECT_EQ(refusal(with(llama_2(), {{"hidden_act", "gelu"}})),
            "config.json: /hidden_act: must be one of silu, swish (got \"gelu\")");
  EXPECT_EQ(refusal(with(llama_2(), {{"model_type", "falcon"}})),
            "config.json: /model_type: \"falcon\" is not an architecture that can be computed; "
            "supported: llama, mistral, qwen2, Yi");
  const Json layered = with(llama_2(), {{"layer_types", {"full_attention", "sliding_attention"}}});
  EXPECT_EQ(refusal(layered),
            "config.json: /layer_types: \"sliding_attention\" in some layers only is not "
            "supported; this checkpoint cannot be scored");
}

TEST(LlamaConfig, WarnsOfKeysThatNobodyKnows) {
  for (const std::string key : {"my_favourite", "qkv_bias", "head_dim_v"}) {
    EXPECT_EQ(read(with(llama_2(), {{key, 1}})).warnings,
              std::vector<std::string>{"/" + key + " is not a known key: ignored"});
  }
  EXPECT_TRUE(read(with(llama_2(), {{"logit_scale", nullptr}, {"alibi", false}})).warnings.empty());
}

TEST(LlamaConfig, NamesEveryWrongValueInOneReading) {
  EXPECT_EQ(refusal(with(without(llama_2(), "vocab_size"), {{"hidden_size", -1},
                                                            {"num_hidden_layers", "two"},
                                                            {"num_key_value_heads", 5},
                                                            {"rms_norm_eps", 0},
                                                            {"rope_theta", "big"},
                                                            {"head_dim", 128}})),
            "config.json: /vocab_size: missing\n"
            "config.json: /hidden_size: must be in [1, 2147483648] (got -1)\n"
            "config.json: /num_hidden_layers: must be an integer (got \"two\")\n"
            "config.json: /num_key_value_heads: 5 does not divide num_attention_heads 32\n"
            "config.json: /rms_norm_eps: must be > 0 (got 0)\n"
            "config.json: /rope_theta: must be a number (got \"big\")");
  EXPECT_EQ(refusal(with(llama_2(), {{"num_attention_heads", 30}, {"num_key_value_heads", 30}})),
            "config.json: /head_dim: missing, and hidden_size 4096 is no multiple of the 30 heads");
  EXPECT_EQ(refusal(with(llama_2(), {{"head_dim", 127}})),
            "config.json: /head_dim: gives 127 rotated channels of 127: must be even and at least "
            "2");
  EXPECT_EQ(refusal(with(llama_2(), {{"rope_scaling", 4}})),
            "config.json: /rope_scaling: must be an object (got 4)");
}

TEST(LlamaConfig, RefusesDuplicateKeys) {
  std::vector<std::string> warnings;
  std::string text = llama_2().dump();
  text.insert(1, R"("rope_theta":5000000,)");
  EXPECT_EQ(
      tests::error_text([&] { read_llama_spec(RawConfig::parse(text, "config.json"), warnings); }),
      "config.json: /rope_theta: duplicate key; keep one of the two");
}

TEST(LlamaConfig, WritesWhatItReads) {
  std::vector<LlamaSpec> specs(7, tests::small_spec());
  specs[1].tied_embeddings = true;
  specs[2].query_key_value_bias = specs[2].output_bias = specs[2].mlp_bias = true;
  specs[3].query_key_value_bias = true;  // Qwen2
  specs[4].sliding_window = 32;          // Mistral
  specs[5].rope_scaling = {{"rope_type", "linear"}, {"factor", 4}};
  specs[5].rope_theta = 5e6;
  specs[6].query_key_value_bias = true;
  specs[6].sliding_window = 32;
  for (const LlamaSpec& spec : specs) {
    const Reading reading = read(hf_config(spec, DType::bf16));
    EXPECT_EQ(reading.spec, spec) << hf_config(spec, DType::bf16);
    EXPECT_TRUE(reading.warnings.empty()) << reading.warnings.front();
  }
  LlamaSpec spec = tests::small_spec();
  for (spec.head_dim = 2; spec.head_dim <= 128; spec.head_dim += 2) {
    for (spec.rotary_dim = 2; spec.rotary_dim <= spec.head_dim; spec.rotary_dim += 2) {
      ASSERT_EQ(read(hf_config(spec, DType::f32)).spec, spec);
    }
  }
}

}  // namespace
}  // namespace checkpoint
