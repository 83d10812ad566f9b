#include "scalings/reach.h"

#include <algorithm>

namespace scalings {

Reach reach(const Chain& chain, const Context& context, int64_t longest) {
  const double trained = static_cast<double>(context.shape.trained_length - 1);
  const auto distance_at = [&](int64_t length) {
    Context at = context;
    at.length = length;
    return largest_distance(make_plan(chain, at));
  };
  Reach out{.largest_distance = distance_at(context.length),
            .first_length_beyond = {},
            .stated_limit = stated_limit(chain, context.shape)};

  // The largest distance never falls as a path grows: double until it is too large, then bisect.
  int64_t inside = 0;
  int64_t beyond = std::min(context.shape.trained_length + 1, longest);
  while (distance_at(beyond) <= trained) {
    if (beyond == longest) return out;
    inside = beyond;
    beyond = std::min(2 * beyond, longest);
  }
  while (beyond - inside > 1) {
    const int64_t middle = inside + (beyond - inside) / 2;
    (distance_at(middle) > trained ? beyond : inside) = middle;
  }
  out.first_length_beyond = beyond;
  return out;
}

}  // namespace scalings
