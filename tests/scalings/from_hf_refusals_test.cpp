#include <gtest/gtest.h>

#include "tests/scalings/hf_config.h"

namespace scalings {
namespace {

TEST(FromHf, RefusesConflictingTypes) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "linear", "rope_type": "yarn", "factor": 2}})"),
            "config.json: /rope_scaling/type: \"linear\" contradicts rope_type \"yarn\"; keep one "
            "of the two");
}

TEST(FromHf, RefusesConflictingDicts) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "linear", "factor": 2},
                         "rope_parameters": {"rope_type": "linear", "factor": 4}})"),
            "config.json: /rope_parameters: contradicts /rope_scaling; keep one of the two");
}

TEST(FromHf, RefusesAnUnknownType) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}})"),
            "config.json: /rope_scaling/rope_type: \"mrope\" is not a type of Transformers' LLaMA; "
            "known: default, linear, dynamic, yarn, longrope, su, llama3, proportional");
}

TEST(FromHf, RefusesADictWithoutAType) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"factor": 2}})"),
            "config.json: /rope_scaling/rope_type: missing; name the type; plain RoPE is null");
}

TEST(FromHf, RefusesADictPerLayerType) {
  EXPECT_EQ(refusal_of(R"({"rope_parameters": {
                "full_attention": {"rope_type": "linear", "factor": 8.0},
                "sliding_attention": {"rope_type": "default"}}})"),
            "config.json: /rope_parameters: has one dict per layer type (full_attention, "
            "sliding_attention), which is not one chain; write it as apply_to_layers methods");
}

TEST(FromHf, RefusesAFactorBelowOneWithItsPlaceInTheConfig) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "linear", "factor": 0.5}})"),
            "config.json: /rope_scaling/factor: must be >= 1 (got 0.5)");
}

TEST(FromHf, RefusesAMissingFactor) {
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "linear"}})"),
            "config.json: /rope_scaling/factor: missing");
}

TEST(FromHf, NamesTheKeysOfTheConfigNotOurs) {
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 8192, "original_max_position_embeddings": 0,
                           "rope_scaling": {"type": "yarn", "factor": 2}})"),
            "config.json: /original_max_position_embeddings: must be in [1, 2147483648] (got 0)");
  EXPECT_EQ(
      refusal_of(R"({"max_position_embeddings": 8192, "rope_parameters": {"rope_type": "llama3",
                           "factor": 2, "low_freq_factor": 1, "high_freq_factor": 4,
                           "original_max_position_embeddings": 1e300}})"),
      "config.json: /rope_parameters/original_max_position_embeddings: must be an integer "
      "(got 1e+300)");
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 8192, "rope_scaling": {"type": "longrope",
                           "factor": 2, "original_max_position_embeddings": 4096,
                           "short_factor": [1, 1], "long_factor": [1, -2]}})"),
            "config.json: /rope_scaling/long_factor/1: must be > 0 (got -2)");
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 2048, "rope_scaling": {"type": "yarn",
                           "original_max_position_embeddings": 4096}})"),
            "config.json: /max_position_embeddings: must be a number >= 4096 of "
            "/rope_scaling/original_max_position_embeddings, for rope_scaling names no factor, "
            "which is then their ratio (got 2048)");
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 0.5,
                           "rope_scaling": {"type": "dynamic", "factor": 2}})"),
            "config.json: /max_position_embeddings: must be an integer (got 0.5)");
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "dynamic", "alpha": 0.5}})"),
            "config.json: /rope_scaling/alpha: must be >= 1 (got 0.5)");
  EXPECT_EQ(refusal_of(R"({"partial_rotary_factor": 2,
                           "rope_scaling": {"rope_type": "proportional"}})"),
            "config.json: /partial_rotary_factor: must be in (0, 1] (got 2)");
  EXPECT_EQ(refusal_of(R"({"rope_scaling": {"type": "linear", "factor": "length/trained"}})"),
            "config.json: /rope_scaling/factor: must be a number (got \"length/trained\")");
}

}  // namespace
}  // namespace scalings
