#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "harness/base/error.h"
#include "harness/checkpoint/gguf/gguf_blocks.h"
#include "harness/checkpoint/gguf/gguf_file.h"

/// Any bytes are a GGUF file or one clear error; of an accepted file every tensor lies inside it,
/// none overlaps another, and those of a computable type can be computed.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(bytes), size);
  try {
    const auto header = checkpoint::parse_gguf(file, "fuzz");
    int64_t end = 0;
    for (const checkpoint::GgufTensor& tensor : header.tensors) {
      if (tensor.begin < end || tensor.bytes < 0) std::abort();
      end = tensor.begin + tensor.bytes;
      if (end > static_cast<int64_t>(size)) std::abort();
      if (!tensor.type->is_computable) continue;
      std::vector<float> values(static_cast<size_t>(tensor.elements()));
      const std::string_view data =
          file.substr(static_cast<size_t>(tensor.begin), static_cast<size_t>(tensor.bytes));
      checkpoint::dequantize(*tensor.type, std::as_bytes(std::span(data)), values);
    }
  } catch (const base::Error&) {
  }
  return 0;
}
