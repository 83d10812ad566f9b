#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/sweep/experiment.h"

namespace sweep {

/// What an eval may refer to.
struct EvalSetting {
  std::filesystem::path folder;  ///< of the experiment
  std::vector<Method> methods;
  std::vector<int64_t> lengths;  ///< of the experiment, ascending
  std::optional<int64_t> trained_length;
};

/// Reads one member of `evals`; problems carry JSON paths below `path`.
Eval read_eval(const base::Json& value, const std::string& path, const EvalSetting& setting,
               base::Problems& problems);

base::Json to_json(const Eval& eval);

/// Ascending token counts in [1, 2^31] under `key`.
std::vector<int64_t> read_lengths(base::StrictObject& object, const std::string& key,
                                  std::optional<std::vector<int64_t>> fallback = {});

}  // namespace sweep
