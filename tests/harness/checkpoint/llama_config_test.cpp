#include "harness/checkpoint/llama_config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "scalings/catalog.h"
#include "scalings/from_hf.h"
#include "tests/support/error_text.h"
#include "tests/support/random_checkpoint.h"

namespace checkpoint {
namespace {

using base::Json;

/// Llama-2-7B, as published.
Json llama_2() {
  return Json::parse(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "rope_scaling": null,
    "rope_theta": 10000.0, "tie_word_embeddings": false, "pretraining_tp": 1, "use_cache": true,
    "torch_dtype": "float16", "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.02,
    "transformers_version": "4.31.0"})");
}

struct Reading {
  LlamaSpec spec;
  std::vector<std::string> warnings;
};

Reading read(const Json& config) {
  Reading reading;
  reading.spec = read_llama_spec(RawConfig::parse(config.dump(), "config.json"), reading.warnings);
  return reading;
}

std::string refusal(const Json& config) {
  return tests::error_text([&] { read(config); });
}

Json with(Json config, const Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return config;
}

Json without(Json config, const std::string& key) {
  config.erase(key);
  return config;
}

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

TEST(LlamaConfig, MistralSlidesUnlessItsWindowIsNull) {
  const Json mistral = with(llama_2(), {{"model_type", "mistral"}});
  EXPECT_EQ(read(mistral).spec.sliding_window, 4096);
  EXPECT_EQ(read(with(mistral, {{"sliding_window", 1024}})).spec.sliding_window, 1024);
  EXPECT_EQ(read(with(mistral, {{"sliding_window", nullptr}})).spec.sliding_window, std::nullopt);
}

// Transformers' LlamaModel, Yi's code and llama.cpp's llama never read the key: a window here would
// make another model.
TEST(LlamaConfig, LlamaAndYiHaveNoWindowWhateverTheConfigSays) {
  for (const char* type : {"llama", "Yi"}) {
    const Reading reading = read(with(llama_2(), {{"model_type", type}, {"sliding_window", 1024}}));
    EXPECT_EQ(reading.spec.sliding_window, std::nullopt);
    EXPECT_EQ(reading.warnings, std::vector<std::string>{
                                    std::string("/sliding_window is ignored: the attention of ") +
                                    type + " has no window"});
  }
  EXPECT_TRUE(read(with(llama_2(), {{"sliding_window", nullptr}})).warnings.empty());
}

TEST(LlamaConfig, DescribesAWindowByTheSameRules) {
  const auto window = [](const Json& changes) {
    const Json config = with(with(llama_2(), {{"sliding_window", 1024}}), changes);
    return sliding_window(RawConfig::parse(config.dump(), "config.json"));
  };
  EXPECT_EQ(window(Json::object()), std::nullopt);
  EXPECT_EQ(window({{"model_type", nullptr}}), std::nullopt);  // read as llama
  EXPECT_EQ(window({{"model_type", "mistral"}}), 1024);
  EXPECT_EQ(window({{"model_type", "mistral"}, {"sliding_window", nullptr}}), std::nullopt);
  EXPECT_EQ(window({{"model_type", "gemma2"}}), 1024);
  EXPECT_EQ(window({{"model_type", "qwen2"}}), std::nullopt);
  EXPECT_EQ(window({{"model_type", "qwen2"}, {"use_sliding_window", true}}), 1024);
  EXPECT_EQ(
      window({{"model_type", "qwen2"}, {"use_sliding_window", true}, {"max_window_layers", 32}}),
      std::nullopt);
  const Json bare = with(without(llama_2(), "sliding_window"), {{"model_type", "mistral"}});
  EXPECT_EQ(sliding_window(RawConfig::parse(bare.dump(), "config.json")), 4096);
}

TEST(LlamaConfig, Qwen2HasQueryBiasesAndSlidesOnlyWhenAsked) {
  const Json qwen = with(llama_2(), {{"model_type", "qwen2"},
                                     {"sliding_window", 4096},
                                     {"use_sliding_window", false},
                                     {"max_window_layers", 28}});
  const LlamaSpec spec = read(qwen).spec;
  EXPECT_TRUE(spec.query_key_value_bias);
  EXPECT_FALSE(spec.output_bias);
  EXPECT_EQ(spec.sliding_window, std::nullopt);
  EXPECT_EQ(refusal(with(qwen, {{"use_sliding_window", true}})),
            "config.json: /max_window_layers: a sliding window in some layers only is not "
            "supported; this checkpoint cannot be scored");
  const Json all = with(qwen, {{"use_sliding_window", true}, {"max_window_layers", 0}});
  EXPECT_EQ(read(all).spec.sliding_window, 4096);
}

TEST(LlamaConfig, ReadsBiases) {
  const LlamaSpec spec = read(with(llama_2(), {{"attention_bias", true}, {"mlp_bias", true}})).spec;
  EXPECT_TRUE(spec.query_key_value_bias && spec.output_bias && spec.mlp_bias);
}

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

TEST(RawConfig, DescribesAnything) {
  const RawConfig config = RawConfig::parse(
      R"({"n_head": 12, "a": 1, "a": 2, "theta": "x", "rope_parameters": {"rope_theta": 7e5}})",
      "c");
  EXPECT_EQ(config.integer("n_head"), 12);
  EXPECT_EQ(config.integer("a"), 2);
  EXPECT_EQ(config.number("theta"), std::nullopt);
  EXPECT_EQ(config.text("theta"), "x");
  EXPECT_EQ(config.rope_theta(), 7e5);
  EXPECT_FALSE(config.has("none"));
  ASSERT_EQ(config.problems().size(), 1u);
  EXPECT_EQ(config.problems()[0].place, "/a");
  EXPECT_EQ(tests::error_text([] { RawConfig::parse("[1]", "c"); }), "c: must be a JSON object");
}

}  // namespace
}  // namespace checkpoint
