#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/checkpoint/gguf/gguf_type.h"

namespace checkpoint {

/// An array of the metadata: of texts, of integers (booleans as 0 and 1) or of floats; the two
/// others are empty.
struct GgufArray {
  std::vector<std::string_view> texts;
  std::vector<int64_t> integers;
  std::vector<double> numbers;

  bool operator==(const GgufArray&) const = default;
};

using GgufValue = std::variant<int64_t, double, bool, std::string_view, GgufArray>;

/// One tensor of a GGUF file.
struct GgufTensor {
  std::string name;
  const GgufType* type = nullptr;
  std::vector<int64_t> shape;  ///< as everywhere here, the fastest dimension last (the file: first)
  int64_t begin = 0;           ///< bytes from the start of the file
  int64_t bytes = 0;

  int64_t elements() const;
};

/// What stands before the data of a GGUF file. Texts are views of the file.
struct GgufHeader {
  uint32_t version = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;  ///< in the order of the file, which is that of their bytes
};

/// Reads and checks a whole header of GGUF version 2 or 3, little-endian. What is accepted is
/// sound: every tensor lies inside the file, on the alignment, and right behind the one before it;
/// keys and tensor names are unique, UTF-8 and not empty. Throws base::Error(Fault::input) naming
/// `name`, the byte or the tensor, and what is wrong with it. Nothing is allocated that the file's
/// own size does not justify, and arrays of more than 2^24 elements together are refused. Source:
/// ggml/docs/gguf.md and gguf.cpp (llama.cpp).
GgufHeader parse_gguf(std::string_view file, const std::string& name);

}  // namespace checkpoint
