#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "scalings/catalog.h"
#include "scalings/plan.h"
#include "scalings/scaling.h"

/// Any JSON is a chain of methods or one clear error; what a chain says of itself builds it again,
/// number by number, and no number of its plan is infinite, undefined or a negative frequency.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const scalings::Context context{
      .shape = {.head_dim = 24, .rotary_dim = 16, .theta = 10000, .trained_length = 64},
      .length = 200,
      .layer = 1,
      .layers = 4};
  try {
    const auto chain = scalings::make_chain(base::parse_json(text, "fuzz"), "fuzz");
    const auto plan = scalings::make_plan(chain, context);
    for (const auto& set : plan.inv_freq) {
      if (!set.allFinite() || (set < 0).any()) std::abort();
    }
    if (!plan.gain.allFinite() || !std::isfinite(plan.magnitude)) std::abort();
    const auto again = scalings::make_chain(scalings::params(chain), "params");
    if (scalings::fingerprint(scalings::make_plan(again, context)) != scalings::fingerprint(plan)) {
      std::abort();
    }
  } catch (const base::Error&) {
  }
  return 0;
}
