#include "harness/model/path_plans.h"

#include <algorithm>

namespace model {

PathPlans::PathPlans(const scalings::Chain& chain, const scalings::RopeShape& shape, int64_t layers)
    : chain_(chain), shape_(shape), layers_(layers) {}

const scalings::LayerPlans& PathPlans::of_length(int64_t length) {
  auto [found, inserted] = plans_.try_emplace(length);
  if (inserted) {
    found->second = scalings::make_layer_plans(chain_, {shape_, length, 0, layers_});
  }
  return found->second;
}

bool PathPlans::share(int64_t length, int64_t other_length, int64_t fork) {
  return length == other_length ||
         scalings::share_trunk(of_length(length), of_length(other_length), fork);
}

std::vector<PathGroup> group_paths(const evals::Document& document, PathPlans& plans) {
  std::vector<PathGroup> groups;
  if (document.scored.size() > 0) {
    groups.push_back({true, {}, {static_cast<int64_t>(document.trunk.size())}});
  }
  for (size_t index = 0; index < document.branches.size(); ++index) {
    const evals::Branch& branch = document.branches[index];
    const auto joined = std::find_if(groups.begin(), groups.end(), [&](const PathGroup& group) {
      return std::all_of(group.lengths.begin(), group.lengths.end(), [&](int64_t length) {
        return plans.share(branch.length(), length, branch.fork);
      });
    });
    PathGroup& group = joined == groups.end() ? groups.emplace_back() : *joined;
    group.branches.push_back(static_cast<int64_t>(index));
    if (std::find(group.lengths.begin(), group.lengths.end(), branch.length()) ==
        group.lengths.end()) {
      group.lengths.push_back(branch.length());
    }
  }
  return groups;
}

}  // namespace model
