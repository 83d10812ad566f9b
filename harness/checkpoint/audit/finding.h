#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace audit {

enum class Severity {
  note,     ///< worth knowing
  warning,  ///< a claim that its own numbers do not support, or that could mislead
  error,    ///< a contradiction, a broken file, or a danger
};
std::string_view name_of(Severity severity);

/// One thing that was found: where it stands, why it matters, what would settle it.
struct Finding {
  std::string id;  ///< stable, for scripts: "missing-rope-theta"
  Severity severity = Severity::note;
  std::string file;    ///< evidence: the file ...
  std::string key;     ///< ... the key, tensor or entry in it ...
  std::string value;   ///< ... and what it says
  std::string why;     ///< why it matters
  std::string settle;  ///< what would settle it; may be empty
};
using Findings = std::vector<Finding>;

}  // namespace audit
