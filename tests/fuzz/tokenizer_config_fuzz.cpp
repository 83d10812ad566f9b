#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/base/error.h"
#include "harness/checkpoint/tokenizer_config.h"

/// Any bytes are a tokenizer_config.json or one clear error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    checkpoint::parse_tokenizer_config({reinterpret_cast<const char*>(bytes), size}, "fuzz");
  } catch (const base::Error&) {
  }
  return 0;
}
