#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/checkpoint/safetensors_header.h"

namespace checkpoint {

/// A tensor that is going to be written.
struct TensorPlan {
  std::string name;
  std::string dtype;  ///< as safetensors names it: "BF16"
  std::vector<int64_t> shape;
};

/// Writes one safetensors file, tensor by tensor, so that no more than one need be in memory. The
/// header comes first and is padded to 8 bytes; wider dtypes come before narrower ones, then by
/// name, so that every tensor is aligned. The file appears under its name only when finish() has
/// synced it; a writer that is dropped before leaves nothing behind.
class SafetensorsWriter {
 public:
  /// Throws base::Error: Fault::input for a name that occurs twice or is "__metadata__", an unknown
  /// dtype, or a shape that overflows; Fault::io when the file cannot be created.
  SafetensorsWriter(std::filesystem::path path, std::vector<TensorPlan> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  /// In the order of their bytes.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }

  /// The whole of one tensor, in any order of tensors. Throws std::logic_error for an unplanned
  /// name, a second writing, or a wrong number of bytes; base::Error(Fault::io) when it fails.
  void write(const std::string& name, std::span<const std::byte> bytes);

  /// Throws std::logic_error when a tensor was not written; base::Error(Fault::io) when it fails.
  void finish();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::vector<TensorEntry> tensors_;
  std::map<std::string, bool> written_;
  int descriptor_ = -1;
};

}  // namespace checkpoint
