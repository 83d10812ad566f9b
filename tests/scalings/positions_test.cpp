#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/scalings/support.h"

// Distance rows small enough to check against the papers' figures.
namespace scalings {
namespace {

struct Row {
  const char* chain;
  int64_t query;
  const char* distances;
};

TEST(DistanceRows, AreThoseOfTheReference) {
  const char* self_extend = R"([{"type": "self_extend", "group": 2, "window": 4}])";
  const char* thirds = R"([{"type": "self_extend", "group": 3, "window": 4}])";
  const char* llama_cpp = R"([{"type": "llama_cpp_self_extend", "group": 2, "window": 4}])";
  const char* rerope = R"([{"type": "rerope", "window": 4}])";
  const char* leaky = R"([{"type": "leaky_rerope", "window": 4, "factor": 2}])";
  const char* dual_chunk = R"([{"type": "dual_chunk", "chunk": 6, "local": 2}])";
  const char* string = R"([{"type": "string", "shift": 6, "window": 2}])";
  const char* infinite = R"([{"type": "lm_infinite", "window": 6, "global_tokens": 2}])";
  const char* streaming = R"([{"type": "streaming", "sinks": 2, "window": 4}])";
  const char* sliding = R"([{"type": "sliding_window", "window": 3}])";
  const Row rows[] = {
      {self_extend, 3, "3 2 1 0"},
      {self_extend, 4, "4 3 2 1 0"},
      {self_extend, 7, "5 5 4 4 3 2 1 0"},
      {self_extend, 11, "7 7 6 6 5 5 4 4 3 2 1 0"},
      {self_extend, 15, "9 9 8 8 7 7 6 6 5 5 4 4 3 2 1 0"},
      {thirds, 7, "5 5 5 4 3 2 1 0"},
      {thirds, 15, "8 8 8 7 7 7 6 6 6 5 5 5 3 2 1 0"},
      {llama_cpp, 3, "3 2 1 0"},
      {llama_cpp, 4, "2 2 1 1 0"},
      {llama_cpp, 7, "5 5 4 4 3 2 1 0"},
      {llama_cpp, 11, "7 7 6 6 5 5 4 4 3 2 1 0"},
      {rerope, 5, "4 4 3 2 1 0"},
      {rerope, 11, "4 4 4 4 4 4 4 4 3 2 1 0"},
      {leaky, 5, "4.5 4 3 2 1 0"},
      {leaky, 11, "7.5 7 6.5 6 5.5 5 4.5 4 3 2 1 0"},
      {dual_chunk, 3, "3 2 1 0"},
      {dual_chunk, 4, "4 3 2 1 0"},
      {dual_chunk, 7, "6 5 4 3 3 2 1 0"},
      {dual_chunk, 8, "6 5 4 3 4 3 2 1 0"},
      {dual_chunk, 11, "6 5 4 3 6 5 4 3 3 2 1 0"},
      {dual_chunk, 15, "6 5 4 3 6 5 4 3 6 5 4 3 3 2 1 0"},
      {string, 5, "5 4 3 2 1 0"},
      {string, 6, "2 5 4 3 2 1 0"},
      {string, 11, "7 6 5 4 3 2 5 4 3 2 1 0"},
      {string, 15, "11 10 9 8 7 6 5 4 3 2 5 4 3 2 1 0"},
      {infinite, 6, "6 5 4 3 2 1 0"},
      {infinite, 13, "6 6 x x x x x x 5 4 3 2 1 0"},
      {streaming, 5, "5 4 3 2 1 0"},
      {streaming, 6, "5 4 x 3 2 1 0"},
      {streaming, 11, "5 4 x x x x x x 3 2 1 0"},
      {sliding, 4, "x x 2 1 0"},
  };
  for (const Row& each : rows) {
    EXPECT_EQ(row(plan(each.chain, context(4, 16)), each.query), each.distances)
        << each.chain << " query " << each.query;
  }
}

TEST(SelfExtend, OfGroupOneIsPlain) {
  EXPECT_EQ(plan(R"([{"type": "self_extend", "group": 1, "window": 3}])", context(4, 50)),
            plan("[]", context(4, 50)));
}

TEST(SelfExtend, FormsAgreeWhereTheGroupDividesTheWindow) {
  EXPECT_EQ(plan(R"([{"type": "self_extend", "group": 4, "window": 8}])", context(4, 50)),
            plan(R"([{"type": "self_extend_shifted", "group": 4, "window": 8}])", context(4, 50)));
}

TEST(LeakyReRope, OfFactorOneIsPlainButForItsGain) {
  EXPECT_EQ(plan(R"([{"type": "leaky_rerope", "window": 3, "factor": 1, "log_n": false}])",
                 context(4, 50)),
            plan("[]", context(4, 50)));
}

TEST(InsideTheirWindow, MethodsArePlain) {
  for (const char* json : {R"([{"type": "self_extend", "group": 4, "window": 50}])",
                           R"([{"type": "self_extend_shifted", "group": 4, "window": 50}])",
                           R"([{"type": "llama_cpp_self_extend", "group": 5, "window": 50}])",
                           R"([{"type": "rerope", "window": 50}])",
                           R"([{"type": "leaky_rerope", "window": 50, "factor": 3}])",
                           R"([{"type": "dual_chunk", "chunk": 60, "local": 10}])",
                           R"([{"type": "lm_infinite", "window": 50, "global_tokens": 3}])",
                           R"([{"type": "streaming", "sinks": 3, "window": 47}])",
                           R"([{"type": "sliding_window", "window": 50}])"}) {
    EXPECT_EQ(plan(json, context(4, 50)), plan("[]", context(4, 50))) << json;
    EXPECT_FALSE(plan(json, context(4, 52)) == plan("[]", context(4, 52))) << json;
  }
}

TEST(String, ScalesTheMagnitudeEvenBelowItsShift) {
  RotaryPlan made = plan(R"([{"type": "string", "shift": 50, "window": 4}])", context(4, 50));
  EXPECT_NEAR(made.magnitude, 1.0693147181, 1e-10);
  made.magnitude = 1;
  EXPECT_EQ(made, plan("[]", context(4, 50)));
}

TEST(ReRope, ScalesLogitsBeyondTheTrainedLength) {
  const char* json = R"([{"type": "rerope", "window": 4}])";
  const RotaryPlan made = plan(json, context(4, 64, 10000, 8));
  EXPECT_EQ(made.gain[7], 1);
  EXPECT_NEAR(made.gain[63], 2, 1e-15);
  EXPECT_TRUE(
      (plan(R"([{"type": "rerope", "window": 4, "log_n": false}])", context(4, 64, 10000, 8))
           .gain == 1)
          .all());
}

TEST(Composition, ChunksKeepTheFrequenciesOfYarnInEitherOrder) {
  const char* yarn_first = R"([{"type": "yarn", "factor": 4},
                               {"type": "dual_chunk", "chunk": 6, "local": 2}])";
  const char* yarn_last = R"([{"type": "dual_chunk", "chunk": 6, "local": 2},
                              {"type": "yarn", "factor": 4}])";
  const RotaryPlan made = plan(yarn_first, context(64, 16));
  EXPECT_EQ(made, plan(yarn_last, context(64, 16)));
  EXPECT_EQ(made.magnitude, plan(R"([{"type": "yarn", "factor": 4}])", context(64, 16)).magnitude);
  EXPECT_EQ(row(made, 7), "6 5 4 3 3 2 1 0");
}

TEST(Composition, TwoMethodsThatSetPositionsAreAnErrorByName) {
  EXPECT_EQ(error_of(R"([{"type": "dual_chunk", "chunk": 6, "local": 2},
                         {"type": "self_extend", "group": 2, "window": 4}])",
                     context(4, 16)),
            "chain.json: /1: self_extend sets positions, which dual_chunk (/0) has set already; "
            "keep one of the two");
}

TEST(Composition, LongRopesUnscaledTokensNeedPlainPositionsInEitherOrder) {
  const std::string longrope = R"({"type": "longrope", "factor": 2, "short_factor": [2, 2],
                                   "long_factor": [2, 2], "unscaled_first_tokens": 2})";
  const auto error = [](const std::string& first, const std::string& second) {
    return error_of(fmt::format("[{}, {}]", first, second), context(4, 16));
  };
  const std::string refusal =
      ": cannot build on a method that has changed positions already; keep one of the two";
  const std::string dual_chunk = R"({"type": "dual_chunk", "chunk": 6, "local": 2})";
  EXPECT_EQ(error(longrope, dual_chunk), "dual_chunk/1" + refusal);
  EXPECT_EQ(error(dual_chunk, longrope), "longrope/1" + refusal);
  const std::string sliding_window = R"({"type": "sliding_window", "window": 3})";
  EXPECT_EQ(error(longrope, sliding_window), "sliding_window/1" + refusal);
  EXPECT_EQ(error(sliding_window, longrope), "longrope/1" + refusal);
}

TEST(ApplyToLayers, EditsTheGivenLayersOnly) {
  const char* json = R"([{"type": "abf", "theta": 500000},
                         {"type": "apply_to_layers", "layers": [2, 3],
                          "methods": [{"type": "log_n"}]}])";
  Context at = context(4, 64, 10000, 8);
  at.layers = 4;
  const RotaryPlan outside = plan(R"([{"type": "abf", "theta": 500000}])", at);
  EXPECT_EQ(plan(json, at), outside);
  at.layer = 2;
  const RotaryPlan inside = plan(json, at);
  EXPECT_NEAR(inside.gain[63], 2, 1e-15);
  EXPECT_EQ(inside.theta, 500000);
}

TEST(ApplyToLayers, RefusesALayerThatTheModelDoesNotHave) {
  EXPECT_EQ(
      error_of(R"([{"type": "apply_to_layers", "layers": [4], "methods": []}])", context(4, 4)),
      "apply_to_layers/1: layers: must be in [0, 1), the layers of this model (got 4)");
}

TEST(ApplyToLayers, RefusesConflictsOnCommonLayersOnly) {
  const auto two = [](const char* first, const char* second) {
    Context at = context(4, 4);
    at.layers = 4;
    return error_of(fmt::format(R"([{{"type": "apply_to_layers", "layers": {},
                         "methods": [{{"type": "linear", "factor": 2}}]}},
                        {{"type": "apply_to_layers", "layers": {},
                         "methods": [{{"type": "ntk", "factor": 2}}]}}])",
                                first, second),
                    at);
  };
  EXPECT_EQ(two("[0, 1]", "[2, 3]"), "");
  EXPECT_EQ(two("[0, 1]", "[1, 2]"),
            "chain.json: /1/methods/0: ntk sets frequencies, which linear (/0/methods/0) has set "
            "already; keep one of the two");
}

TEST(BadPositions, ExactMessages) {
  const auto error = [](const char* json) { return error_of(json, context(4, 16)); };
  EXPECT_EQ(error(R"([{"type": "llama_cpp_self_extend", "group": 3, "window": 4}])"),
            "chain.json: /0/window: must be a multiple of group 3 (got 4)");
  EXPECT_EQ(error(R"([{"type": "dual_chunk", "chunk": 6, "local": 6}])"),
            "chain.json: /0/local: must be < chunk 6 (got 6)");
  EXPECT_EQ(error(R"([{"type": "string", "shift": 6, "window": 7}])"),
            "chain.json: /0/window: must be <= shift 6 (got 7)");
  EXPECT_EQ(error(R"([{"type": "sliding_window", "window": 0}])"),
            "chain.json: /0/window: must be in [1, 2147483648] (got 0)");
  EXPECT_EQ(error(R"([{"type": "apply_to_layers", "layers": [1, 1], "methods": []}])"),
            "chain.json: /0/layers: names a layer twice");
  EXPECT_EQ(
      error(R"([{"type": "apply_to_layers", "layers": [0], "methods":
                      [{"type": "apply_to_layers/1", "layers": [0], "methods": []}]}])"),
      "chain.json: /0/methods: must not hold another apply_to_layers; intersect the two lists "
      "of layers");
}

}  // namespace
}  // namespace scalings
