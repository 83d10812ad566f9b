#include "harness/checkpoint/audit/claims.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/checkpoint/audit/compare.h"

namespace audit {
namespace {

using base::Json;

// Counted independently for 64 pairs; the table was published with the Yi discussion.
TEST(Claims, CountsThePairsThatCompleteATurn) {
  struct Line {
    double theta;
    int64_t at_4096, at_200k;
  };
  for (const Line& line : {Line{1e4, 46, 64}, Line{5e5, 32, 51}, Line{1e6, 31, 49},
                           Line{5e6, 27, 44}, Line{1e7, 26, 42}}) {
    EXPECT_EQ(pairs_completing_a_turn(line.theta, 128, 4096), line.at_4096) << line.theta;
    EXPECT_EQ(pairs_completing_a_turn(line.theta, 128, 200'000), line.at_200k) << line.theta;
  }
  EXPECT_EQ(pairs_completing_a_turn(1e4, 128, 6), 0);  // the fastest pair turns in 6.28 tokens
  EXPECT_EQ(pairs_completing_a_turn(1e4, 128, 7), 1);
}

TEST(Claims, KnowsWhatAStoredRotaryTableCosts) {
  EXPECT_GT(stored_frequency_error(5e6, 128, 200'000, "BF16").value(), 180);
  EXPECT_LT(stored_frequency_error(5e6, 128, 200'000, "BF16").value(), 245);
  EXPECT_LE(stored_frequency_error(5e6, 128, 200'000, "F32").value(), 0.006);
  EXPECT_EQ(stored_frequency_error(5e6, 128, 200'000, "F64"), std::nullopt);
}

Json llama_2() {
  return {{"model_type", "llama"},          {"hidden_size", 4096}, {"num_attention_heads", 32},
          {"num_key_value_heads", 32},      {"rope_theta", 1e4},   {"rope_scaling", nullptr},
          {"max_position_embeddings", 4096}};
}

struct Judged {
  Claims claims;
  Findings findings;

  const Finding* find(std::string_view id) const {
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&](const Finding& finding) { return finding.id == id; });
    return found == findings.end() ? nullptr : &*found;
  }
};

Judged judge(const Json& config, std::optional<int64_t> stated = {},
             std::optional<double> model_max_length = {}) {
  Subject subject;
  subject.path = "c";
  subject.config = checkpoint::RawConfig::parse(config.dump(), "config.json");
  if (model_max_length) {
    subject.tokenizer.emplace();
    subject.tokenizer->model_max_length = model_max_length;
  }
  Judged judged;
  judged.claims = read_claims(subject, {}, stated);
  judged.findings = lint_claims(subject, {}, judged.claims, stated);
  return judged;
}

Json with(Json config, const Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return config;
}

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
  const Finding* beyond = judged.find("claim-beyond-training");
  ASSERT_NE(beyond, nullptr);
  EXPECT_EQ(beyond->why,
            "2.0 % of the claimed length was seen in training, if the trained length is 4096 "
            "(max_position_embeddings, without rope_scaling); 17 of 64 pairs complete their first "
            "turn only beyond it: their later angles were never trained");
}

// The same dict means two things; Vicuna, LongChat and Together's model are the published cases.
TEST(Claims, ReadsBothConventionsOfMaxPositionEmbeddings) {
  const Json linear_4 = {{"type", "linear"}, {"factor", 4.0}};
  const Judged vicuna =
      judge(with(llama_2(), {{"rope_scaling", linear_4}, {"max_sequence_length", 16384}}));
  EXPECT_EQ(vicuna.claims.trained, 4096);
  EXPECT_EQ(vicuna.claims.claimed, 16384);
  const Json linear_8 = {{"type", "linear"}, {"factor", 8.0}};
  const Judged together =
      judge(with(llama_2(), {{"rope_scaling", linear_8}, {"max_position_embeddings", 32768}}));
  EXPECT_EQ(together.claims.trained, 4096);
  EXPECT_EQ(together.claims.claimed, 32768);
  const Json dynamic = {{"type", "dynamic"}, {"factor", 2.0}};
  const Judged ntk = judge(with(llama_2(), {{"rope_scaling", dynamic}}));
  EXPECT_EQ(ntk.claims.trained, 4096);
  EXPECT_EQ(ntk.claims.claimed, 8192);
  for (const Judged* judged : {&vicuna, &together, &ntk}) {
    EXPECT_NE(judged->find("two-conventions"), nullptr);
  }
  EXPECT_EQ(together.find("two-conventions")->why,
            "some publishers write the length before scaling (here: trained 32768, stretched to "
            "262144), others the length after it (trained 4096, stretched to 32768); read as: "
            "max_position_embeddings divided by the factor");
}

TEST(Claims, AnOriginalLengthSettlesTheConvention) {
  const Json llama_3_1 = {{"rope_type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 8192}};
  const Judged judged = judge(with(
      llama_2(),
      {{"rope_scaling", llama_3_1}, {"rope_theta", 5e5}, {"max_position_embeddings", 131072}}));
  EXPECT_EQ(judged.claims.trained, 8192);
  EXPECT_EQ(judged.claims.claimed, 131072);
  EXPECT_EQ(judged.find("two-conventions"), nullptr);
  EXPECT_EQ(judged.find("stacked-scalings"), nullptr);  // llama3 was made for its base
  EXPECT_NE(judged.find("factor-does-not-give-the-length"), nullptr);
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
  const Finding* finding = judge(config).find("missing-rope-theta");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->why.find("here 10000"), std::string::npos);
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

TEST(Claims, SurvivesNonsense) {
  for (const Json& nonsense : std::vector<Json>{
           {{"max_position_embeddings", -1}, {"rope_theta", 0}},
           {{"max_position_embeddings", 1e300}, {"hidden_size", 0}, {"num_attention_heads", 0}},
           {{"rope_scaling", "linear"}, {"max_position_embeddings", 1}},
           {{"rope_scaling", {{"factor", -3}, {"type", 7}}}, {"head_dim", 1e15}},
           {{"rope_scaling", {{"factor", 1e300}, {"type", "dynamic"}}},
            {"max_position_embeddings", 1 << 30}},
           {{"rope_scaling", {{"original_max_position_embeddings", 1e18}}}},
           {{"partial_rotary_factor", -1}, {"head_dim", 64}}}) {
    EXPECT_NO_THROW(judge(nonsense, 200'000, 0.5)) << nonsense;
  }
}

TEST(Claims, ACommandToPasteIsQuoted) {
  Subject subject;
  subject.path = "it's; rm -rf $HOME";
  subject.config = checkpoint::RawConfig::parse(llama_2().dump(), "config.json");
  const Claims claims = read_claims(subject, {}, 16'384);
  const Findings findings = lint_claims(subject, {}, claims, 16'384);
  ASSERT_EQ(findings.front().id, "claim-contradicts-config");
  EXPECT_EQ(findings.front().settle.substr(0, 62),
            R"(printf '%s' '{"model":"it'\''s; rm -rf $HOME","trained_length")");
  EXPECT_NE(findings.front().settle.find("\"lengths\":[4096,8192,16384]}' > claim.json && ropewalk "
                                         "sweep claim.json --out runs/claim"),
            std::string::npos)
      << findings.front().settle;
}

// 2 x layers x key/value rows x 2 bytes x tokens.
TEST(Claims, KeysAndValuesAtTheClaim) {
  const std::string folder = std::string(ROPEWALK_SOURCE_DIR) + "/configs/checkpoints/";
  struct Line {
    const char* name;
    double gigabytes;
  };
  for (const Line& line :
       {Line{"yi-6b-2023-11", 13.1}, Line{"yi-34b-2023-11", 49.2}, Line{"llama-2-7b", 104.9},
        Line{"llama-3.1-8b", 26.2}, Line{"smollm2-135m", 4.6}, Line{"smollm2-1.7b", 39.3}}) {
    const Examined examined = examine(folder + line.name, checkpoint::Links::none);
    const Claims claims = read_claims(examined.subject, examined.structure, 200'000);
    EXPECT_NEAR(
        static_cast<double>(context_numbers(claims, examined.structure).kv_bytes_at_claim) / 1e9,
        line.gigabytes, 0.05)
        << line.name;
  }
}

}  // namespace
}  // namespace audit
