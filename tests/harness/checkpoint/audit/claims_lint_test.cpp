#include <gtest/gtest.h>

#include <string>

#include "harness/checkpoint/audit/claims.h"
#include "tests/harness/checkpoint/audit/judged_config.h"

namespace audit {
namespace {

using base::Json;

TEST(Claims, AnOrdinaryConfigHasNothingToReport) {
  const Judged judged = judge(llama_2());
  EXPECT_EQ(judged.claims.trained, 4096);
  EXPECT_EQ(judged.claims.claimed, 4096);
  EXPECT_TRUE(judged.findings.empty()) << judged.findings.front().id;
}

TEST(Claims, AReadmeBeyondTheConfigIsAContradiction) {
  const Judged judged = judge(with(llama_2(), {{"rope_theta", 5e6}}), 200'000);
  const Finding* finding = judged.find("claim-contradicts-config");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::error);
  EXPECT_EQ(finding->value, "4096");
  EXPECT_NE(judged.find("base-change"), nullptr);
  EXPECT_EQ(judged.find("base-change")->why,
            "raised from LLaMA's 10,000 (adjusted base frequency, ABF): every pair turns more "
            "slowly, as under a scaling of the context, though rope_scaling names none; within "
            "4,096 tokens 27 of 64 pairs complete a turn, with 10,000 it would be 46; no header "
            "shows whether training used this base from the start or changed to it");
  const Finding* beyond = judged.find("claim-beyond-training");
  ASSERT_NE(beyond, nullptr);
  EXPECT_EQ(beyond->file, "--claims");
  EXPECT_EQ(beyond->why,
            "2.0 % of the claimed length was seen in training, if the trained length is 4,096 "
            "(max_position_embeddings, without rope_scaling); 37 of 64 pairs complete no turn "
            "within it, so that every angle beyond it is new to them; 17 of these wrap for the "
            "first time on the way to the claim");
}

TEST(Claims, AScalingIsNoReasonToBelieveALongerReadme) {
  const Json linear_8 = {{"type", "linear"}, {"factor", 8.0}};
  const Json config =
      with(llama_2(), {{"rope_scaling", linear_8}, {"max_position_embeddings", 32768}});
  EXPECT_EQ(judge(config, 32'768).find("claim-contradicts-config"), nullptr);
  const Judged judged = judge(config, 65'536);
  ASSERT_NE(judged.find("claim-contradicts-config"), nullptr);
  EXPECT_NE(judged.find("claim-contradicts-config")->why.find("no more by their rope_scaling"),
            std::string::npos);
  // Plain RoPE's angles are not those that the scaled model sees: nothing is said of these.
  EXPECT_NE(judged.find("claim-beyond-training")->why.find("without its rope_scaling"),
            std::string::npos);
}

TEST(Claims, AConfigWithoutAnyLengthSupportsNone) {
  Json config = llama_2();
  config.erase("max_position_embeddings");
  EXPECT_NE(judge(config).find("no-context-length"), nullptr);
  EXPECT_EQ(judge(config, 8192).claims.claimed, 8192);
  EXPECT_EQ(judge(llama_2()).find("no-context-length"), nullptr);
}

TEST(Claims, WarnsOfTwoBases) {
  const Json five = {{"rope_type", "default"}, {"rope_theta", 5e5}};
  const Judged judged = judge(with(llama_2(), {{"rope_parameters", five}}));
  ASSERT_NE(judged.find("two-bases"), nullptr);
  EXPECT_EQ(judged.find("two-bases")->severity, Severity::error);
  EXPECT_EQ(judged.find("two-bases")->value, "10000, and 500000 in rope_parameters");
  EXPECT_EQ(
      judge(with(llama_2(), {{"rope_parameters", five}, {"rope_theta", 5e5}})).find("two-bases"),
      nullptr);
}

TEST(Claims, WarnsOfScalingsThatStack) {
  const Json linear = {{"type", "linear"}, {"factor", 2.0}};
  EXPECT_NE(judge(with(llama_2(), {{"rope_scaling", linear}, {"rope_theta", 5e6}}))
                .find("stacked-scalings"),
            nullptr);
  EXPECT_NE(judge(with(llama_2(), {{"rope_scaling", linear}, {"rope_condense_ratio", 8}}))
                .find("stacked-scalings"),
            nullptr);
  EXPECT_EQ(judge(with(llama_2(), {{"rope_scaling", linear}})).find("stacked-scalings"), nullptr);
  EXPECT_EQ(judge(with(llama_2(), {{"rope_scaling", linear}, {"rope_parameters", {{"a", 1}}}}))
                .find("stacked-scalings")
                ->severity,
            Severity::error);
}

TEST(Claims, WarnsOfAMissingThetaNamingTheDefault) {
  Json config = llama_2();
  config.erase("rope_theta");
  const auto judged = judge(config);
  const Finding* finding = judged.find("missing-rope-theta");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->why.find("here 10,000"), std::string::npos);
  config["model_type"] = "Yi";
  EXPECT_EQ(judge(config).claims.theta, 5e6);
}

TEST(Claims, WarnsOfASlidingWindowShorterThanTheClaim) {
  const Json mistral = with(
      llama_2(),
      {{"model_type", "mistral"}, {"max_position_embeddings", 32768}, {"sliding_window", 4096}});
  EXPECT_NE(judge(mistral).find("sliding-window"), nullptr);
  EXPECT_EQ(judge(with(mistral, {{"sliding_window", nullptr}})).find("sliding-window"), nullptr);
  // Qwen2 writes a window that it does not use.
  const Json qwen = with(mistral, {{"model_type", "qwen2"}, {"use_sliding_window", false}});
  EXPECT_EQ(judge(qwen).find("sliding-window"), nullptr);
  // LLaMA's attention has none, whatever the config says.
  EXPECT_EQ(judge(with(mistral, {{"model_type", "llama"}})).find("sliding-window"), nullptr);
  EXPECT_NE(judge(with(mistral, {{"model_type", "gemma2"}})).find("sliding-window"), nullptr);
}

TEST(Claims, WarnsOfALongWindowWithoutATrace) {
  EXPECT_NE(judge(with(llama_2(), {{"max_position_embeddings", 200'000}})).find("length-unproven"),
            nullptr);
  EXPECT_EQ(judge(with(llama_2(), {{"max_position_embeddings", 8192}})).find("length-unproven"),
            nullptr);
}

TEST(Claims, ComparesTheTokenizersLimit) {
  EXPECT_EQ(judge(llama_2(), {}, 4096).find("tokenizer-limit"), nullptr);
  EXPECT_EQ(judge(llama_2(), {}, 2048).find("tokenizer-limit")->severity, Severity::warning);
  EXPECT_EQ(judge(llama_2(), {}, 1e30).find("tokenizer-limit")->severity, Severity::note);
}

}  // namespace
}  // namespace audit
