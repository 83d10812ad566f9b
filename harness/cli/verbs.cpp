#include "harness/cli/verbs.h"

#include <fmt/format.h>
#include <torch/version.h>

namespace cli {

std::vector<Verb> verbs() {
  return {
      add_list, add_show, add_check, add_sweep, add_audit, add_summarize, add_train,
  };
}

std::string version() {
  return fmt::format("ropewalk {} (LibTorch {})", ROPEWALK_VERSION, TORCH_VERSION);
}

}  // namespace cli
