#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "harness/base/error.h"
#include "harness/sweep/experiment.h"

/// Any bytes are an experiment or one clear error; what was accepted reads back to itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  try {
    // Every file that an experiment may name is looked for below this folder.
    const sweep::Experiment experiment = sweep::parse_experiment(text, "/proc/self/fuzz.json");
    const base::Json resolved = sweep::to_json(experiment);
    const sweep::Experiment again =
        sweep::parse_experiment(resolved.dump(), "/proc/self/fuzz.json");
    if (sweep::to_json(again) != resolved) std::abort();
  } catch (const base::Error&) {
  }
  return 0;
}
