#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/checkpoint/gguf/gguf_file.h"
#include "harness/checkpoint/mapped_file.h"
#include "harness/checkpoint/weights.h"

namespace checkpoint {

/// Weights of a GGUF file. Tensors in F32, F16 and BF16 are views of the mapped file; quantised
/// ones become float32 when they are asked for, and live as long as whoever asked holds them. Query
/// and key rows, which the file interleaves, come in the half-split layout, always in float32.
class GgufWeights : public Weights {
 public:
  /// Throws base::Error(Fault::input) naming every tensor that the spec implies and the file lacks,
  /// or holds in another shape or in a type that cannot be computed with, and every role that two
  /// tensors claim. Names of tensors that the spec has no use for are left in `unmatched`.
  GgufWeights(LlamaSpec spec, std::shared_ptr<const MappedFile> file, const GgufHeader& header,
              std::vector<std::string>& unmatched);

  const LlamaSpec& spec() const override { return spec_; }
  TensorView tensor(Role role, int64_t layer = 0) const override;
  TensorView rows(Role role, int64_t layer, int64_t first, int64_t count) const override;
  bool is_converted(Role role) const override;
  /// SHA-256 of the whole file.
  std::string fingerprint() const override;

 private:
  const GgufTensor& stored(Role role, int64_t layer) const;

  LlamaSpec spec_;
  std::shared_ptr<const MappedFile> file_;
  std::map<std::pair<Role, int64_t>, GgufTensor> tensor_of_;
  std::set<Role> converted_;  ///< in some layer: the file mixes types
};

}  // namespace checkpoint
