#include "harness/checkpoint/audit/summary.h"

#include <algorithm>

namespace audit {

int64_t parameters(const Subject& subject) {
  int64_t total = 0;
  for (const NamedShape& tensor : subject.tensors) {
    int64_t product = 1;
    for (const int64_t extent : tensor.shape) {
      if (__builtin_mul_overflow(product, extent, &product)) return 0;
    }
    if (__builtin_add_overflow(total, product, &total)) return 0;
  }
  return total;
}

std::vector<std::vector<std::string_view>> undecided_by_shape(const Structure& structure) {
  std::vector<std::vector<std::string_view>> groups;
  if (structure.readings.empty()) return groups;
  for (const Slot& slot : structure.readings.front().architecture->slots) {
    for (const auto& [at, roles] : structure.roles) {
      const bool is_first_seen = std::find(groups.begin(), groups.end(), roles) == groups.end();
      if (roles.size() > 1 && roles.front() == slot.role && is_first_seen) groups.push_back(roles);
    }
  }
  return groups;
}

}  // namespace audit
