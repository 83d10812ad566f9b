#pragma once

#include <string>

namespace cli {

/// What was built: "ropewalk 0.1.0 (revision 0123456789ab-dirty, LibTorch 2.13.0)".
std::string version();

/// The git revision that was built, twelve digits of its hash; "-dirty" behind it when tracked
/// files had changes, "unknown" when it was not built from a checkout.
std::string revision();

}  // namespace cli
