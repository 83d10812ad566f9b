#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/checkpoint/audit/structure.h"
#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// Numbers in all tensors together; 0 when that does not fit 63 bits.
int64_t parameters(const Subject& subject);

/// Groups of roles that no shape can tell apart, in the order of a forward pass.
std::vector<std::vector<std::string_view>> undecided_by_shape(const Structure& structure);

}  // namespace audit
