#include "harness/cli/version.h"

#include <fmt/format.h>
#include <torch/version.h>

#include "revision.h"

namespace cli {

std::string version() {
  return fmt::format("ropewalk {} (revision {}, LibTorch {})", ROPEWALK_VERSION, git_revision,
                     TORCH_VERSION);
}

std::string revision() { return git_revision; }

}  // namespace cli
