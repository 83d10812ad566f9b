#include "harness/checkpoint/audit/claims.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/checkpoint/audit/compare.h"
#include "tests/support/error_text.h"

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
  // By 30 digits of mpmath; published as "180 to 245".
  EXPECT_NEAR(stored_frequency_error(5e6, 128, 200'000, "BF16").value(), 179.522381394, 1e-6);
  EXPECT_NEAR(stored_frequency_error(1e7, 128, 200'000, "BF16").value(), 234.471952373, 1e-6);
  EXPECT_NEAR(stored_frequency_error(1e4, 128, 200'000, "BF16").value(), 244.635327987, 1e-6);
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
  judged.claims = read_claims(subject, stated);
  judged.findings = lint_claims(subject, {}, judged.claims);
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

TEST(Claims, AStatementCountsUnlessAnotherSaysMore) {
  Subject subject;
  subject.config = checkpoint::RawConfig::parse(llama_2().dump(), "config.json");
  subject.statements = parse_statements(
      R"({"schema_version": 1, "claims": [{"length": 8192, "source": "a talk"},
                                          {"length": 32768, "source": "the README"}]})",
      "claims.json");
  const Claims claims = read_claims(subject, 16'384);
  EXPECT_EQ(claims.claimed, 32'768);
  EXPECT_EQ(claims.claimed_because, "the README");
  EXPECT_EQ(claims.claimed_in, "claims.json");
  EXPECT_EQ(claims.configured, 4096);
  EXPECT_EQ(read_claims(subject, 200'000).claimed_in, "--claims");
  EXPECT_EQ(tests::error_text([] {
              parse_statements(R"({"claims": [{"length": 0, "sauce": ""}, 7]})", "claims.json");
            }),
            "claims.json: /schema_version: missing\n"
            "claims.json: /claims/0/length: must be in [1, 1099511627776] (got 0)\n"
            "claims.json: /claims/0/source: missing\n"
            "claims.json: /claims/0/sauce: unknown key; did you mean \"source\"?\n"
            "claims.json: /claims/1: must be an object (got 7)");
}

TEST(Claims, AConfigWithoutAnyLengthSupportsNone) {
  Json config = llama_2();
  config.erase("max_position_embeddings");
  EXPECT_NE(judge(config).find("no-context-length"), nullptr);
  EXPECT_EQ(judge(config, 8192).claims.claimed, 8192);
  EXPECT_EQ(judge(llama_2()).find("no-context-length"), nullptr);
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

Json scaled(int64_t max_position, const Json& scaling) {
  return with(llama_2(), {{"rope_scaling", scaling}, {"max_position_embeddings", max_position}});
}

// As Qwen2.5's model card says to write it: max_position_embeddings is that of before the scaling.
TEST(Claims, TheFactorOfAnOriginalLengthIsAPromise) {
  const Json yarn = {
      {"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32768}};
  const Judged qwen = judge(scaled(32768, yarn), 131'072);
  EXPECT_EQ(qwen.claims.trained, 32'768);
  EXPECT_EQ(qwen.claims.claimed, 131'072);
  EXPECT_EQ(qwen.claims.claimed_because, "original_max_position_embeddings times the factor");
  EXPECT_EQ(qwen.claims.claimed_in, "config.json");
  EXPECT_EQ(qwen.find("claim-contradicts-config"), nullptr);
  EXPECT_EQ(qwen.find("factor-does-not-give-the-length"), nullptr);
  EXPECT_NE(qwen.find("claim-beyond-training"), nullptr);
  EXPECT_NE(judge(scaled(32768, yarn), 200'000).find("claim-contradicts-config"), nullptr);
  const Judged raised = judge(scaled(131072, yarn));
  EXPECT_EQ(raised.claims.claimed_because, "max_position_embeddings");
  EXPECT_EQ(raised.find("factor-does-not-give-the-length"), nullptr);
  const Judged between = judge(scaled(65536, yarn));
  EXPECT_EQ(between.claims.claimed, 131'072);
  EXPECT_EQ(between.find("factor-does-not-give-the-length")->why,
            "factor x original length is 131,072, max_position_embeddings is 65,536: tools size "
            "their context by either");
}

// Llama 3.2: 32 divides the slow frequencies, and the context grew 16-fold. Phi-3 writes the length
// after scaling.
TEST(Claims, AFactorThatIsNoRatioOfLengthsPromisesNothing) {
  const Json llama_3_2 = {{"rope_type", "llama3"},
                          {"factor", 32.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 8192}};
  const Judged judged = judge(scaled(131072, llama_3_2));
  EXPECT_EQ(judged.claims.claimed, 131'072);
  EXPECT_EQ(judged.find("factor-does-not-give-the-length")->why,
            "factor x original length is 262,144, max_position_embeddings is 131,072: the factor "
            "alone does not explain the claim");
  const Json longrope = {
      {"type", "longrope"}, {"factor", 64.0}, {"original_max_position_embeddings", 4096}};
  EXPECT_EQ(judge(scaled(131072, longrope)).claims.claimed, 131'072);
}

// As Transformers reads them; the top level is Phi-3's place.
TEST(Claims, TheOriginalLengthOfTheTopLevelComesFirst) {
  const Json yarn = {{"type", "yarn"}, {"factor", 2.0}, {"original_max_position_embeddings", 4096}};
  const Json config = with(scaled(8192, yarn), {{"original_max_position_embeddings", 2048}});
  EXPECT_EQ(judge(config).claims.trained, 2048);
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

TEST(Claims, CountsAllPairsOfAProportionalRope) {
  const Json p_rope = {{"rope_type", "proportional"}, {"partial_rotary_factor", 0.25}};
  EXPECT_EQ(judge(with(llama_2(), {{"rope_parameters", p_rope}})).claims.rotary_dim, 128);
  const Json partial = {{"rope_type", "default"}, {"partial_rotary_factor", 0.25}};
  EXPECT_EQ(judge(with(llama_2(), {{"rope_parameters", partial}})).claims.rotary_dim, 32);
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

/// A structure that can be computed, so that there is something to paste.
Structure llama_structure() {
  return examine(std::string(ROPEWALK_SOURCE_DIR) + "/configs/checkpoints/llama-2-7b",
                 checkpoint::Links::none)
      .structure;
}

TEST(Claims, ACommandToPasteIsQuoted) {
  Subject subject;
  subject.path = "it's; rm -rf $HOME";
  subject.config = checkpoint::RawConfig::parse(llama_2().dump(), "config.json");
  const Structure structure = llama_structure();
  const Claims claims = read_claims(subject, 16'384);
  const Findings findings = lint_claims(subject, structure, claims);
  ASSERT_EQ(findings.front().id, "claim-contradicts-config");
  EXPECT_EQ(findings.front().settle.substr(0, 62),
            R"(printf '%s' '{"model":"it'\''s; rm -rf $HOME","trained_length")");
  EXPECT_NE(findings.front().settle.find("\"lengths\":[4096,8192,16384]}' > claim.json && ropewalk "
                                         "sweep claim.json --out runs/claim"),
            std::string::npos)
      << findings.front().settle;
}

TEST(Claims, ACommandComparesTheBasesThatTheWeightsMayKnow) {
  Json config = llama_2();
  config.erase("rope_theta");
  Subject subject;
  subject.path = "c";
  subject.config = checkpoint::RawConfig::parse(config.dump(), "config.json");
  const Structure structure = llama_structure();
  const Claims claims = read_claims(subject, {});
  const Findings findings = lint_claims(subject, structure, claims);
  ASSERT_EQ(findings.front().id, "missing-rope-theta");
  EXPECT_NE(findings.front().settle.find(
                R"("methods":{"plain":[],"base-500000":[{"type":"abf","theta":500000.0}],)"),
            std::string::npos)
      << findings.front().settle;
  EXPECT_NE(findings.front().settle.find(R"("lengths":[4096]})"), std::string::npos);
  // Nothing to paste for what cannot be computed here.
  EXPECT_EQ(lint_claims(subject, {}, claims).front().settle,
            "measure it with a tool that computes this architecture; Ropewalk does not");
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
    const Claims claims = read_claims(examined.subject, 200'000);
    EXPECT_NEAR(
        static_cast<double>(context_numbers(claims, examined.structure).kv_bytes_at_claim) / 1e9,
        line.gigabytes, 0.05)
        << line.name;
  }
}

}  // namespace
}  // namespace audit
