#include "harness/checkpoint/audit/claims.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/checkpoint/audit/compare.h"
#include "tests/harness/checkpoint/audit/judged_config.h"
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
  EXPECT_NEAR(stored_frequency_error(5e6, 128, 200'000, "F32").value(), 0.00430699684095, 1e-9);
  EXPECT_EQ(stored_frequency_error(5e6, 128, 200'000, "F64"), std::nullopt);
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

TEST(Claims, CountsAllPairsOfAProportionalRope) {
  const Json p_rope = {{"rope_type", "proportional"}, {"partial_rotary_factor", 0.25}};
  EXPECT_EQ(judge(with(llama_2(), {{"rope_parameters", p_rope}})).claims.rotary_dim, 128);
  const Json partial = {{"rope_type", "default"}, {"partial_rotary_factor", 0.25}};
  EXPECT_EQ(judge(with(llama_2(), {{"rope_parameters", partial}})).claims.rotary_dim, 32);
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
