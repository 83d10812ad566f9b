#include "harness/cli/messages.h"

#include <cstdio>

#include "harness/base/printable.h"

namespace cli {

void write_to_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) say("warning: {}\n", base::printable(warning));
}

}  // namespace cli
