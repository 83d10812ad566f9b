#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/base/error.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/safetensors_index.h"

/// Any bytes are an index or one clear error; no accepted file name is a path, and what was read is
/// written and read again unchanged.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const auto index = checkpoint::parse_safetensors_index(text, "fuzz");
    for (const auto& [tensor, file] : index.file_of) {
      if (!checkpoint::is_plain_file_name(file)) std::abort();
    }
    const std::string again = checkpoint::format_safetensors_index(index);
    if (checkpoint::parse_safetensors_index(again, "again") != index) std::abort();
  } catch (const base::Error&) {
  }
  return 0;
}
