#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/checkpoint/audit/compare_weights.h"
#include "harness/checkpoint/audit/naming.h"
#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// A checkpoint with what was inferred of it.
struct Examined {
  Subject subject;
  Structure structure;
  std::vector<NamedRole> names;  ///< empty without a reading
};

/// One value that two checkpoints have differently; absent sides are empty.
struct Difference {
  std::string what;
  std::string first;
  std::string second;
};

/// Two checkpoints side by side. Having the same structure and being the same model are two things.
struct Comparison {
  std::string against;
  bool same_structure = false;  ///< one architecture and variant, whatever the sizes and names
  bool same_shapes = false;     ///< and the same sizes
  std::vector<Difference> sizes;
  std::vector<Difference> names;   ///< roles that go by different names
  std::vector<Difference> config;  ///< keys whose values differ
  std::string model;               ///< what can be said about the weights being the same, in words

  bool weights_were_compared = false;
  std::vector<TensorSimilarity> tensors;  ///< in the order of the first checkpoint's names
};

/// With `weights`, and where both have them in matching shapes, every tensor is read and compared.
Comparison compare(const Examined& first, const Examined& second, bool weights);

/// Reads, infers and names; throws only when the path is no folder.
Examined examine(const std::filesystem::path& path, checkpoint::Links links);

}  // namespace audit
