#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "evals/document.h"
#include "scalings/layer_plans.h"

namespace model {

/// The plans of a chain for the paths of a document: one per length and layer, equal layers of a
/// length sharing one plan object.
class PathPlans {
 public:
  PathPlans(const scalings::Chain& chain, const scalings::RopeShape& shape, int64_t layers);

  const scalings::LayerPlans& of_length(int64_t length);

  /// Whether two paths of these lengths may share the rows of their first `fork` tokens.
  bool share(int64_t length, int64_t other_length, int64_t fork);

 private:
  const scalings::Chain& chain_;
  scalings::RopeShape shape_;
  int64_t layers_;
  std::map<int64_t, scalings::LayerPlans> plans_;
};

/// Paths of a document that are computed in one pass.
struct PathGroup {
  bool scores_trunk = false;
  std::vector<int64_t> branches;
  std::vector<int64_t> lengths;  ///< of its paths: what the plans are made for
};

/// Splits a document into passes: a branch joins the first group whose trunk it may share, so that
/// a chain whose plans do not depend on the length gives one pass.
std::vector<PathGroup> group_paths(const evals::Document& document, PathPlans& plans);

}  // namespace model
