#pragma once

#include <string>

#include "harness/checkpoint/audit/claims.h"

namespace audit {

/// A shell command, ready to paste, that measures what is claimed: passkey retrieval by the plain
/// model (and by its own rope_scaling, where it has one) from the trained to the claimed length.
/// Quoted so that no path can do more than be a path.
std::string sweep_command(const Subject& subject, const Claims& claims);

}  // namespace audit
