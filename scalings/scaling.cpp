#include "scalings/scaling.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace scalings {
namespace {

/// A frequency that is not a finite number >= 0, or a length that does not fit, would only show as
/// a bad result thousands of tokens later.
void check_numbers(const RotaryPlan& plan, const std::string& method) {
  const auto fail = [&](const char* what) {
    throw base::Error(base::Fault::input, "",
                      {method, what, "choose parameters inside double range"});
  };
  for (const Eigen::ArrayXd& frequencies : plan.inv_freq) {
    if (!frequencies.isFinite().all() || (frequencies < 0).any()) {
      fail("makes a frequency that is not a finite number >= 0");
    }
  }
  for (const Ruler& ruler : plan.rulers) {
    if (!ruler.position.isFinite().all()) fail("makes a position that is not finite");
  }
  if (!plan.gain.isFinite().all() || !std::isfinite(plan.magnitude)) {
    fail("makes a gain or a magnitude that is not finite");
  }
}

}  // namespace

RotaryPlan make_plan(const Chain& chain, const Context& context) {
  validate(context);
  RotaryPlan plan = plain_plan(context);
  for (const auto& method : chain) {
    method->edit(plan, context);
    check_numbers(plan, method->params().at("type").get<std::string>());
  }
  return normal_form(plan);
}

bool treats_alike(const Chain& chain, int64_t layer, int64_t other) {
  return std::all_of(chain.begin(), chain.end(),
                     [&](const auto& method) { return method->treats_alike(layer, other); });
}

nlohmann::json params(const Chain& chain) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& method : chain) all.push_back(method->params());
  return all;
}

std::optional<int64_t> stated_limit(const Chain& chain, const RopeShape& shape) {
  std::optional<int64_t> smallest;
  for (const auto& method : chain) {
    const auto limit = method->stated_limit(shape);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
  }
  return smallest;
}

}  // namespace scalings
