#include "evals/depths.h"

#include <fmt/format.h>

#include <algorithm>

#include "evals/stats/certified_length.h"
#include "harness/base/error.h"

namespace evals {
namespace {

void require_trial_of(const DepthDesign& design, int64_t trial) {
  if (design.depths < 1) {
    throw base::Error(base::Fault::input, "",
                      {"depths", fmt::format("must be >= 1 (got {})", design.depths), ""});
  }
  if (trial < 0) {
    throw base::Error(base::Fault::input, "",
                      {"trial", fmt::format("must be >= 0 (got {})", trial), ""});
  }
}

}  // namespace

void validate(const Depth& depth) {
  // Written so that a NaN is refused as well. Strata are computed as i/n and 1/n, whose sum may
  // pass 1 by a rounding.
  if (!(depth.from >= 0 && depth.width >= 0 && depth.from + depth.width <= 1 + 1e-12)) {
    const double end = depth.from + depth.width;
    throw base::Error(base::Fault::input, "",
                      {"depth",
                       fmt::format("must lie in [0, 1] (got {})",
                                   depth.width == 0 ? fmt::format("{}", depth.from)
                                                    : fmt::format("{} to {}", depth.from, end)),
                       "0 is the start of the haystack, 1 its end"});
  }
}

Depth DepthDesign::of_trial(int64_t trial) const {
  require_trial_of(*this, trial);
  const auto index = static_cast<double>(trial % depths);
  const auto count = static_cast<double>(depths);
  switch (kind) {
    case Kind::stratified:
      return {index / count, 1 / count};
    case Kind::grid:
      return {depths == 1 ? 0.5 : index / (count - 1), 0};
    case Kind::distances:
      return {1 - (index + 1) / count, 0};
  }
  throw std::logic_error("DepthDesign: unknown kind");
}

bool DepthDesign::is_kept(int64_t trial, int64_t count) const {
  require_trial_of(*this, trial);
  const int64_t round = trial / depths;
  if (round != count / depths) return round < count / depths;
  const int64_t rest = count % depths;
  const int64_t index = trial % depths;
  return (index + 1) * rest / depths > index * rest / depths;
}

int64_t DepthDesign::band_of_trial(int64_t trial) const {
  const Depth depth = of_trial(trial);
  return stats::depth_band(depth.from + depth.width / 2);
}

const std::vector<std::string>& depth_kind_names() {
  static const std::vector<std::string> names{"stratified", "grid", "distances"};
  return names;
}

DepthDesign::Kind depth_kind(const std::string& name) {
  const auto& names = depth_kind_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    base::reject("", "design", fmt::format("no kind of depths is called \"{}\"", name));
  }
  return static_cast<DepthDesign::Kind>(found - names.begin());
}

}  // namespace evals
