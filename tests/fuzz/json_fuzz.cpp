#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/json.h"

/// Any bytes are JSON or one clear error; the canonical text of what was read reads as itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const std::string canonical = base::canonical_json(base::parse_json(text, "fuzz"));
    if (base::canonical_json(base::parse_json(canonical, "canonical")) != canonical) std::abort();
  } catch (const base::Error&) {
  }
  return 0;
}
