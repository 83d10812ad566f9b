#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"
#include "harness/checkpoint/llama_config.h"

/// Any bytes are a config.json or one clear error; a spec that was accepted can be computed with.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    std::vector<std::string> warnings;
    const checkpoint::LlamaSpec spec =
        checkpoint::read_llama_spec(checkpoint::RawConfig::parse(text, "fuzz"), warnings);
    const bool is_computable =
        spec.vocabulary > 0 && spec.hidden > 0 && spec.intermediate > 0 && spec.layers > 0 &&
        spec.kv_heads > 0 && spec.heads % spec.kv_heads == 0 && spec.rotary_dim >= 2 &&
        spec.rotary_dim % 2 == 0 && spec.rotary_dim <= spec.head_dim && spec.rope_theta > 1 &&
        spec.rms_norm_eps > 0 && (spec.rope_scaling.is_null() || spec.rope_scaling.is_object());
    if (!is_computable) std::abort();
  } catch (const base::Error&) {
  }
  return 0;
}
