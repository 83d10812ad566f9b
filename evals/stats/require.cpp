#include "evals/stats/require.h"

#include <fmt/format.h>

#include "harness/base/error.h"

namespace evals::stats {

void require(bool holds, const std::string& place, const std::string& cause) {
  if (!holds) throw base::Error(base::Fault::input, "statistics", {place, cause, {}});
}

void require_inside_unit(double value, const std::string& place) {
  require(value > 0 && value < 1, place,
          fmt::format("must be above 0 and below 1 (got {})", value));
}

}  // namespace evals::stats
