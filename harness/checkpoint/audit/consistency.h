#pragma once

#include "harness/checkpoint/audit/structure.h"
#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// Where config.json and the tensors' shapes contradict one another.
Findings check_consistency(const Subject& subject, const Structure& structure);

}  // namespace audit
