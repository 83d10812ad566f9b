#include "scalings/catalog.h"

#include "scalings/citations.h"
#include "scalings/methods.h"

namespace scalings {
namespace {

const Parameter factor{"factor", "factor", "",
                       "stretch s >= 1, or \"length/trained\" for max(1, length / L)"};
const Parameter original_length{"original_length", "integer", "null",
                                "L in tokens, where it is not the trained length"};
const Parameter beta_fast{"beta_fast", "number", "32",
                          "pairs with more turns than this within L stay as they are"};
const Parameter beta_slow{"beta_slow", "number", "1",
                          "pairs with fewer turns than this within L are divided by s"};
const Parameter truncate{"truncate", "boolean", "true", "round the ramp's ends outwards to pairs"};

}  // namespace

const std::vector<Method>& catalog() {
  static const std::vector<Method> methods = {
      {"linear",
       1,
       frequencies,
       new_base,
       {factor, original_length},
       "divide every frequency by s (position interpolation)",
       "s L tokens, after fine-tuning; about 2 L without",
       "Chen et al. 2023, eq. 4",
       citations::position_interpolation,
       make_linear},
      {"yarn",
       1,
       frequencies | magnitude,
       new_base | magnitude,
       {factor,
        beta_fast,
        beta_slow,
        truncate,
        {"attention_factor", "number", "null", "factor on cos and sin; null: 0.1 ln(s) + 1"},
        {"mscale", "number", "null", "DeepSeek: numerator's scale of the magnitude"},
        {"mscale_all_dim", "number", "null", "DeepSeek: denominator's scale of the magnitude"},
        original_length},
       "keep fast pairs, interpolate slow ones, ramp by pair index, sharpen attention",
       "s L tokens",
       "Peng et al. 2023, eq. 22-23 and the authors' code",
       citations::yarn,
       make_yarn},
  };
  return methods;
}

const Method* find_method(std::string_view name) {
  for (const Method& method : catalog()) {
    const std::string versioned = std::string(method.name) + "/" + std::to_string(method.version);
    if (name == method.name || name == versioned) return &method;
  }
  return nullptr;
}

}  // namespace scalings
