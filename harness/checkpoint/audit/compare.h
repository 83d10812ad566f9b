#pragma once

#include <cstdint>
#include <filesystem>
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
  int layer_number = 0;          ///< which of a name's numbers is its layer (see split_layer)
  std::vector<NamedRole> names;  ///< empty without a reading
};

/// One value that two checkpoints have differently; absent sides are empty.
struct Difference {
  std::string what;
  std::string first;
  std::string second;
};

/// Two checkpoints side by side. Having the same structure and being the same model are two things:
/// thousands of models have LLaMA's structure, and only weights tell which is a copy of which.
struct Comparison {
  std::string against;
  bool same_family = false;       ///< one architecture, maybe in two variants (a tied head, biases)
  bool same_structure = false;    ///< and one variant, whatever the sizes and names
  bool same_shapes = false;       ///< and the same sizes
  std::vector<Difference> sizes;  ///< family and variant among them
  std::vector<Difference> names;  ///< roles that go by different names
  std::vector<Difference> config;  ///< keys whose values differ
  /// Tensors of the first whose counterpart (same role, same layer) has the same shape: only these
  /// can be copies. Out of all tensors of the first.
  int64_t matching = 0;
  int64_t out_of = 0;
  std::string model;  ///< what can be said about the weights being the same, in words

  bool weights_were_compared = false;
  std::vector<TensorSimilarity> tensors;  ///< in the order of the first checkpoint's names
};

/// With `weights`, and where both have them, every tensor is read and compared whose counterpart
/// has the same shape.
Comparison compare(const Examined& first, const Examined& second, bool weights);

/// Infers and names.
Examined examine(Subject subject);
/// Reads first; throws only when the path is no folder.
Examined examine(const std::filesystem::path& path, checkpoint::Links links);

}  // namespace audit
