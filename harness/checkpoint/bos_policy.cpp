#include "harness/checkpoint/bos_policy.h"

#include <fmt/format.h>

#include "harness/base/error.h"

namespace checkpoint {

BosPolicy bos_policy(std::string_view name) {
  for (const BosPolicy policy : {BosPolicy::automatic, BosPolicy::always, BosPolicy::never}) {
    if (name_of(policy) == name) return policy;
  }
  throw base::Error(base::Fault::input, "",
                    base::Problem{"", fmt::format("unknown BOS policy \"{}\"", name),
                                  "use auto, always or never"});
}

std::string_view name_of(BosPolicy policy) {
  switch (policy) {
    case BosPolicy::automatic:
      return "auto";
    case BosPolicy::always:
      return "always";
    case BosPolicy::never:
      return "never";
  }
  return "";
}

}  // namespace checkpoint
