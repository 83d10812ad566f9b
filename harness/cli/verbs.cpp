#include "harness/cli/verbs.h"

#include <fmt/format.h>

#include "harness/base/printable.h"

namespace cli {

void warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    fmt::print(stderr, "warning: {}\n", base::printable(warning));
  }
}

std::vector<Verb> verbs() {
  return {
      add_list, add_show, add_check, add_sweep, add_audit, add_summarize, add_train,
  };
}

}  // namespace cli
