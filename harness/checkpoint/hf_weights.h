#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/checkpoint/safetensors_archive.h"
#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// Weights of a Hugging Face directory: views into the mapped safetensors files.
class HfWeights : public Weights {
 public:
  /// Throws base::Error(Fault::input) naming every tensor that the spec implies and the files lack,
  /// or hold in another shape or in a dtype that cannot be computed with, and every role that two
  /// tensors claim. Names of tensors that the spec has no use for are left in `unmatched`.
  HfWeights(LlamaSpec spec, SafetensorsArchive archive, const std::string& directory,
            std::vector<std::string>& unmatched);

  const LlamaSpec& spec() const override { return spec_; }
  TensorView tensor(Role role, int64_t layer = 0) const override;
  /// SHA-256 over role, layer, dtype, shape and bytes of every tensor in the order of a forward
  /// pass: the same for the same weights under other names or in other shards.
  std::string fingerprint() const override;

 private:
  LlamaSpec spec_;
  SafetensorsArchive archive_;
  std::string directory_;
  std::map<std::pair<Role, int64_t>, std::string> name_of_;
};

}  // namespace checkpoint
