#pragma once

#include <cstdint>
#include <string_view>

namespace checkpoint {

/// How GGML stores the elements of a tensor: in blocks of so many elements and bytes.
struct GgufType {
  uint32_t id = 0;
  std::string_view name;
  int64_t elements = 0;        ///< of a block; a row is a whole number of blocks
  int64_t bytes = 0;           ///< of a block
  bool is_computable = false;  ///< dequantize() knows it

  bool operator==(const GgufType&) const = default;
};

/// The type of that number; nullptr when GGML has none, or has removed it. Source: ggml.h, enum
/// ggml_type, and ggml-common.h for the blocks (llama.cpp, GGUF version 3).
const GgufType* gguf_type(uint32_t id);

/// By its name, "Q4_K"; nullptr for any other.
const GgufType* gguf_type(std::string_view name);

}  // namespace checkpoint
