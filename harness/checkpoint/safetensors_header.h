#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// One tensor as a safetensors header describes it.
struct TensorEntry {
  std::string name;
  std::string dtype;  ///< as written: "BF16"
  std::vector<int64_t> shape;
  int64_t begin = 0;  ///< bytes, from the start of the file
  int64_t end = 0;

  int64_t bytes() const { return end - begin; }
  bool operator==(const TensorEntry&) const = default;
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> tensors;  ///< in the order of their bytes
};

/// Reads and checks the header of a safetensors file (format of huggingface/safetensors: 8 bytes
/// little-endian N, N bytes of JSON, data). Checked before anything is believed: N against the file
/// and the format's 100,000,000; strict JSON without duplicate keys; known dtypes; shape x width
/// without overflow and equal to the offsets' difference; offsets contiguous from 0 to the end of
/// the file, without hole, overlap or trailing byte. Alignment is not assumed.
///
/// `beginning` holds at least the header (more is ignored), `file_size` is the size of the whole
/// file, `file` names it in messages. Throws base::Error(Fault::input) with the tensor and the byte
/// offset.
SafetensorsHeader parse_safetensors_header(std::string_view beginning, int64_t file_size,
                                           const std::string& file);

/// Bits of one element of any dtype the format knows; nothing for an unknown one.
std::optional<int64_t> safetensors_bits(std::string_view dtype);

/// Bytes of a tensor; nothing when they are no whole number, or 2^63 and more.
std::optional<int64_t> tensor_bytes(const std::vector<int64_t>& shape, int64_t bits);

/// The dtypes that can be computed with; nothing for the others.
std::optional<DType> computable_dtype(std::string_view dtype);
std::string_view safetensors_name(DType dtype);
int64_t width(DType dtype);  ///< bytes of one element

}  // namespace checkpoint
