#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/safetensors_header.h"

namespace checkpoint {

/// All tensors of a checkpoint's safetensors files: model.safetensors alone, or the shards named by
/// model.safetensors.index.json. Headers are read and checked when it is opened, data when touched.
class SafetensorsArchive {
 public:
  struct Tensor {
    TensorEntry entry;
    size_t file = 0;  ///< index into files()
  };

  /// Throws base::Error(Fault::input): no safetensors file (naming the pickle files that are there
  /// instead), a missing shard, a tensor that the index names but its shard lacks, a tensor in two
  /// shards, and all that parse_safetensors_header refuses.
  explicit SafetensorsArchive(const Directory& directory);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  const std::vector<std::shared_ptr<const MappedFile>>& files() const { return files_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  std::span<const std::byte> bytes(const Tensor& tensor) const;

 private:
  void add_file(const Directory& directory, const std::string& name);

  std::map<std::string, Tensor> tensors_;
  std::vector<std::shared_ptr<const MappedFile>> files_;
  std::vector<std::string> warnings_;
};

}  // namespace checkpoint
