#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace sweep {

/// Who computes, as far as it can be known here: host, CPU, compiler, start in UTC, arguments.
/// Results do not depend on it; several hosts may contribute to one run.
///   program: version of ropewalk and its libraries; revision: of its sources in git, or "unknown";
///   threads: of this process
base::Json provenance(const std::string& program, const std::string& revision, int64_t threads,
                      const std::vector<std::string>& arguments);

}  // namespace sweep
