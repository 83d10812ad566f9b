#pragma once

#include <string>

namespace evals::stats {

/// Throws base::Error(Fault::input, "statistics", {place, cause}) unless `holds`.
void require(bool holds, const std::string& place, const std::string& cause);

/// Probabilities that must lie strictly between 0 and 1: tau, alpha.
void require_inside_unit(double value, const std::string& place);

}  // namespace evals::stats
