#pragma once

#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// What could run code or lead outside when other tools load this folder: custom code (auto_map and
/// Python files), pickle weights, chat templates, symbolic links, entries that are no regular
/// files. Looks at names, link targets and already read configs; opens nothing.
Findings inspect_safety(const Subject& subject);

}  // namespace audit
