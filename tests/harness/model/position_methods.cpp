#include "tests/harness/model/position_methods.h"

#include "scalings/catalog.h"

namespace model_test {

const std::vector<PositionMethod>& position_methods() {
  static const std::vector<PositionMethod> methods = {
      {"self_extend", R"([{"type": "self_extend", "group": 3, "window": 20}])", 20},
      {"self_extend_shifted", R"([{"type": "self_extend_shifted", "group": 3, "window": 20}])", 20},
      {"llama_cpp_self_extend", R"([{"type": "llama_cpp_self_extend", "group": 4, "window": 16}])",
       16},
      {"rerope", R"([{"type": "rerope", "window": 20}])", 20},
      {"rerope_without_gain", R"([{"type": "rerope", "window": 20, "log_n": false}])", 20},
      {"leaky_rerope", R"([{"type": "leaky_rerope", "window": 20, "factor": 3}])", 20},
      {"dual_chunk", R"([{"type": "dual_chunk", "chunk": 24, "local": 6}])", 18},
      {"string", R"([{"type": "string", "shift": 40, "window": 8}])", 0},
      {"lm_infinite", R"([{"type": "lm_infinite", "window": 30, "global_tokens": 4}])", 30},
      {"streaming", R"([{"type": "streaming", "sinks": 4, "window": 30}])", 34},
      {"sliding_window", R"([{"type": "sliding_window", "window": 30}])", 30},
      {"yarn_then_dual_chunk",
       R"([{"type": "yarn", "factor": 4}, {"type": "dual_chunk", "chunk": 24, "local": 6}])", 0},
      {"ntk_then_self_extend",
       R"([{"type": "ntk", "factor": 2}, {"type": "self_extend", "group": 4, "window": 32}])", 0},
      {"one_layer_of_two", R"([{"type": "apply_to_layers", "layers": [0],
                                "methods": [{"type": "streaming", "sinks": 4, "window": 30}]}])",
       34},
  };
  return methods;
}

const std::vector<PositionMethod>& wide_position_methods() {
  static const std::vector<PositionMethod> methods = {
      {"self_extend", R"([{"type": "self_extend", "group": 7, "window": 600}])"},
      {"dual_chunk", R"([{"type": "dual_chunk", "chunk": 700, "local": 90}])"},
      {"lm_infinite", R"([{"type": "lm_infinite", "window": 515, "global_tokens": 10}])"},
      {"streaming", R"([{"type": "streaming", "sinks": 4, "window": 515}])"},
  };
  return methods;
}

scalings::Chain chain_of(const PositionMethod& method) {
  return scalings::make_chain(nlohmann::json::parse(method.chain), method.name);
}

}  // namespace model_test
