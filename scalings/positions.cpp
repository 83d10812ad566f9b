#include "scalings/positions.h"

#include "harness/base/error.h"

namespace scalings {

void require_plain_positions(const RotaryPlan& plan, const char* method) {
  if (plan.rulers.size() == 1 && plan.views.size() == 1) return;
  throw base::Error(base::Fault::input, "",
                    {method, "cannot build on a method that has changed positions already",
                     "keep one of the two"});
}

}  // namespace scalings
