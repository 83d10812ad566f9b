#pragma once

#include <string>
#include <vector>

#include "harness/checkpoint/audit/claims.h"

namespace audit {

/// Shell commands, ready to paste, that measure what a checkpoint's files only claim. They need its
/// weights. Quoted so that no path can do more than be a path. For an architecture that Ropewalk
/// does not compute, they are a sentence that says so.

/// Passkey retrieval by the plain model (and by its own rope_scaling, where it has one) from the
/// trained to the claimed length.
std::string sweep_command(const Subject& subject, const Structure& structure, const Claims& claims);

/// Passkey retrieval within the trained length, with the base in force and with others: the base
/// that the weights were trained with is the one that works.
std::string base_command(const Subject& subject, const Structure& structure, const Claims& claims,
                         const std::vector<double>& bases);

/// Whether it is a command rather than a sentence.
bool is_command(const std::string& settle);

}  // namespace audit
