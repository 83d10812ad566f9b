#include "scalings/from_hf.h"

#include <gmock/gmock.h>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "tests/scalings/support.h"

namespace scalings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

HfScaling read(std::string_view config) {
  return from_hf(base::parse_json(config, "config.json"), "config.json");
}

std::string chain_of(std::string_view config) { return read(config).chain.dump(); }

std::string refusal_of(std::string_view config) {
  try {
    read(config);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST(FromHf, NoDictIsPlain) {
  EXPECT_EQ(chain_of("{}"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_scaling": null})"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"rope_type": "default"}})"), "[]");
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_theta": 10000.0}})"), "[]");
}

TEST(FromHf, ReadsTheOldAndTheNewNameOfTheType) {
  const char* chain = R"([{"factor":8.0,"type":"linear"}])";
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"type": "linear", "factor": 8.0}})"), chain);
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"rope_type": "linear", "factor": 8.0}})"), chain);
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_type": "linear", "factor": 8.0,
                                             "rope_theta": 1e4}})"),
            chain);
  EXPECT_EQ(chain_of(R"({"rope_scaling": {"type": "linear", "rope_type": "linear",
                                          "factor": 8.0}})"),
            chain);
}

TEST(FromHf, DynamicStartsFromMaxPositionEmbeddings) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 4096,
                         "rope_scaling": {"type": "dynamic", "factor": 2}})"),
            R"([{"factor":2,"original_length":4096,"type":"dynamic_ntk"}])");
}

TEST(FromHf, DynamicWithAlphaIsStaticNtk) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 4096,
                         "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1}})"),
            R"([{"factor":1000.0,"type":"ntk"}])");
}

TEST(FromHf, YarnOfQwen) {
  const HfScaling qwen = read(R"({"max_position_embeddings": 131072,
      "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}})");
  EXPECT_EQ(qwen.chain.dump(), R"([{"factor":4.0,"original_length":32768,"type":"yarn"}])");
  EXPECT_THAT(qwen.warnings, IsEmpty());
}

TEST(FromHf, YarnTakesItsFactorFromTheLengthsWhereNull) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 32768, "rope_scaling": {"rope_type": "yarn",
                         "factor": null, "original_max_position_embeddings": 4096}})"),
            R"([{"factor":8.0,"original_length":4096,"type":"yarn"}])");
}

TEST(FromHf, YarnReadsZeroBetasAsUnset) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 8192, "rope_scaling": {"rope_type": "yarn",
                         "factor": 2, "original_max_position_embeddings": 4096, "beta_fast": 0,
                         "beta_slow": 2, "mscale": 1.0, "mscale_all_dim": 1.0,
                         "truncate": false}})"),
            R"([{"beta_slow":2,"factor":2,"mscale":1.0,"mscale_all_dim":1.0,)"
            R"("original_length":4096,"truncate":false,"type":"yarn"}])");
}

TEST(FromHf, YarnWithoutAnOriginalLengthWarns) {
  const HfScaling read_back = read(R"({"max_position_embeddings": 4096,
                                       "rope_scaling": {"type": "yarn", "factor": 8.0}})");
  EXPECT_EQ(read_back.chain[0].at("original_length"), 4096);
  EXPECT_THAT(read_back.warnings,
              ElementsAre("no original_max_position_embeddings: max_position_embeddings 4096 is "
                          "taken as the length before stretching"));
}

TEST(FromHf, YarnWarnsOfAFactorThatIsNotTheRatio) {
  EXPECT_THAT(read(R"({"max_position_embeddings": 16384, "rope_scaling": {"type": "yarn",
                       "factor": 8.0, "original_max_position_embeddings": 4096}})")
                  .warnings,
              ElementsAre("factor 8.0 is not max_position_embeddings / original length = 4; the "
                          "explicit factor is used"));
}

TEST(FromHf, TheTopLevelOverridesTheOriginalLengthOfTheDict) {
  const HfScaling made = read(R"({"max_position_embeddings": 8192,
      "original_max_position_embeddings": 2048,
      "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 4096}})");
  EXPECT_EQ(made.chain[0].at("original_length"), 2048);
  EXPECT_THAT(made.warnings, ElementsAre("original_max_position_embeddings 2048 of the top level "
                                         "overrides 4096 of rope_scaling"));
}

TEST(FromHf, SuIsLongRopeWithTheRatioAsFactor) {
  const HfScaling phi = read(R"({"max_position_embeddings": 131072,
      "original_max_position_embeddings": 4096,
      "rope_scaling": {"type": "su", "short_factor": [1.0, 1.1], "long_factor": [1.5, 30.0]}})");
  EXPECT_EQ(phi.chain.dump(), R"([{"factor":32.0,"long_factor":[1.5,30.0],"original_length":4096,)"
                              R"("short_factor":[1.0,1.1],"type":"longrope"}])");
  EXPECT_NEAR(plan(phi.chain.dump(), context(4, 1)).magnitude, 1.1902380714, 1e-10);
}

// Of Phi-3's kind, with the factor that its authors left out.
TEST(FromHf, LongRopeTakesTheRatioOnlyWhereNoFactorIsGiven) {
  const auto longrope = [](const std::string& top_level, const std::string& dict) {
    return read(R"({"max_position_embeddings": 131072, )" + top_level +
                R"("rope_scaling": {"rope_type": "longrope", "short_factor": [1.0],
                                    "long_factor": [2.0])" +
                dict + "}}");
  };
  const char* const top = R"("original_max_position_embeddings": 4096, )";
  EXPECT_EQ(longrope(top, "").chain[0].at("factor"), 32.0);
  EXPECT_EQ(longrope(top, R"(, "factor": null)").chain[0].at("factor"), 32.0);
  EXPECT_THAT(longrope(top, R"(, "factor": null)").warnings, IsEmpty());
  const HfScaling given = longrope(top, R"(, "factor": 16.0)");
  EXPECT_EQ(given.chain[0].at("factor"), 16.0);
  EXPECT_THAT(
      given.warnings,
      ElementsAre(
          "factor 16.0 is not max_position_embeddings / original length = 32; the explicit "
          "factor is used, as Transformers 5 does; Transformers 4 takes the ratio where the "
          "original length stands at the top level"));
  // A null at the top level is no length.
  const HfScaling nested =
      longrope(R"("original_max_position_embeddings": null, )",
               R"(, "factor": 32.0, "original_max_position_embeddings": 4096)");
  EXPECT_EQ(nested.chain[0].at("factor"), 32.0);
  EXPECT_EQ(nested.chain[0].at("original_length"), 4096);
  EXPECT_THAT(nested.warnings, IsEmpty());
}

TEST(FromHf, Llama31) {
  EXPECT_EQ(chain_of(R"({"max_position_embeddings": 131072, "rope_scaling": {"factor": 8.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"}})"),
            R"([{"factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,)"
            R"("original_length":8192,"type":"llama3"}])");
}

TEST(FromHf, ProportionalTakesItsFractionFromPartialRotaryFactor) {
  EXPECT_EQ(chain_of(R"({"rope_parameters": {"rope_type": "proportional", "rope_theta": 1e6,
                                             "partial_rotary_factor": 0.25}})"),
            R"([{"fraction":0.25,"type":"proportional"}])");
}

TEST(FromHf, ProportionalTakesItsFractionFromTheTopLevelToo) {
  EXPECT_EQ(chain_of(R"({"partial_rotary_factor": 0.5,
                         "rope_parameters": {"rope_type": "proportional", "rope_theta": 1e6}})"),
            R"([{"fraction":0.5,"type":"proportional"}])");
}

TEST(FromHf, WarnsOfKeysThatNobodyReads) {
  EXPECT_THAT(
      read(R"({"rope_scaling": {"type": "linear", "factor": 2, "finetuned": true}})").warnings,
      ElementsAre("finetuned of rope_scaling means nothing to type linear and is ignored"));
}

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

TEST(FromHf, RefusesTwoMagnitudes) {
  EXPECT_EQ(refusal_of(R"({"max_position_embeddings": 131072, "rope_scaling": {"type": "su",
                "short_factor": [1], "long_factor": [1], "factor": 2,
                "original_max_position_embeddings": 4096, "long_mscale": 1.2}})"),
            "config.json: /rope_scaling/long_mscale: two magnitudes, one per list, are not "
            "supported");
}

/// "tokens at place", or the problem.
std::string stated_length(std::string_view config) {
  base::Problems problems;
  const auto stated = length_before_scaling(base::parse_json(config, "config.json"), problems);
  if (!problems.empty()) return problems.found()[0].place + " " + problems.found()[0].cause;
  return stated ? std::to_string(stated->tokens) + " at " + stated->place : "none";
}

TEST(LengthBeforeScaling, IsThatOfTheTopLevelElseOfTheDictElseTheWholeLength) {
  EXPECT_EQ(stated_length("{}"), "none");
  EXPECT_EQ(stated_length("[]"), "none");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling": 7})"),
            "4096 at /max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_parameters":
                              {"original_max_position_embeddings": 2048.0}})"),
            "2048 at /rope_parameters/original_max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"original_max_position_embeddings": 1024, "rope_scaling":
                              {"original_max_position_embeddings": 2048}})"),
            "1024 at /original_max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling":
                              {"original_max_position_embeddings": 1e300}})"),
            "/rope_scaling/original_max_position_embeddings must be an integer (got 1e+300)");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling":
                              {"original_max_position_embeddings": -1}})"),
            "/rope_scaling/original_max_position_embeddings must be in [1, 2147483648] (got -1)");
}

}  // namespace
}  // namespace scalings
