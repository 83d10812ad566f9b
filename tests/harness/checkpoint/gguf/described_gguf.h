#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/sha256.h"
#include "harness/checkpoint/gguf/gguf_blocks.h"
#include "harness/checkpoint/gguf/gguf_file.h"
#include "harness/checkpoint/mapped_file.h"
#include "tests/support/python.h"

namespace tests {

/// Name, type, shape and SHA-256 of the float32 values of every tensor, one a line.
inline std::string described_gguf(const std::filesystem::path& path) {
  const auto file = checkpoint::MappedFile::open(path);
  std::string out;
  for (const auto& tensor : checkpoint::parse_gguf(file->text(), path.string()).tensors) {
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    checkpoint::dequantize(
        *tensor.type,
        file->bytes().subspan(static_cast<size_t>(tensor.begin), static_cast<size_t>(tensor.bytes)),
        values);
    out += fmt::format("{} {} [{}] {}\n", tensor.name, tensor.type->name,
                       fmt::join(tensor.shape, ", "),
                       base::sha256_hex(std::as_bytes(std::span(values))));
  }
  return out;
}

/// The same by the gguf package; `verb` is read or write.
inline std::string described_by_peer(const std::string& verb, const std::filesystem::path& path) {
  return python("tests/harness/checkpoint/gguf/gguf_peer.py", {verb, path});
}

}  // namespace tests
