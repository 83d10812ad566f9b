#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/base/error.h"
#include "harness/checkpoint/safetensors_header.h"

/// Any bytes are a safetensors file or one clear error; every byte of data that was accepted
/// belongs to exactly one tensor, and every tensor lies inside the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(bytes), size);
  try {
    const auto header =
        checkpoint::parse_safetensors_header(file, static_cast<int64_t>(size), "fuzz");
    int64_t data = 0;
    for (const checkpoint::TensorEntry& tensor : header.tensors) {
      if (tensor.begin < 8 || tensor.end < tensor.begin) std::abort();
      if (tensor.end > static_cast<int64_t>(size)) std::abort();
      data += tensor.bytes();
    }
    if (data > static_cast<int64_t>(size) - 8) std::abort();
  } catch (const base::Error&) {
  }
  return 0;
}
