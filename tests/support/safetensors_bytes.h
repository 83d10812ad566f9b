#pragma once

#include <cstdint>
#include <string>

namespace tests {

/// A safetensors file spelled out: the length, the header text as it is, the data.
inline std::string safetensors_bytes(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  for (size_t i = 0; i < 8; ++i) {
    file[i] = static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i));
  }
  return file + header + data;
}

}  // namespace tests
