#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "scalings/scaling.h"

namespace scalings {

/// Parts of a plan that a method can set. Two methods of a chain may set the same part only when
/// the later one declares that it builds on it.
enum Part : unsigned {
  none = 0,
  frequencies = 1,
  positions = 2,  ///< rulers, views and spans
  gain = 4,
  magnitude = 8,
  new_base = 16,  ///< theta in force; may not follow a method that set frequencies
};

/// Names of a mask's parts, e.g. {"frequencies", "magnitude"}.
std::vector<std::string> part_names(unsigned parts);

struct Parameter {
  std::string_view name;
  std::string_view type;      ///< "number", "integer", "boolean", "numbers", "factor", "chain" ...
  std::string_view fallback;  ///< as JSON text; empty when the parameter is required
  std::string_view meaning;   ///< one line, with unit
};

/// One line of the catalog: everything that list, README, check and the experiment reader know of a
/// method without building it.
struct Method {
  std::string_view name;  ///< as written in experiments: "yarn"
  int version;            ///< params() says "yarn/1"; raised when results would change
  unsigned edits;         ///< Part mask it sets
  unsigned builds_on;     ///< Part mask that an earlier method may already have set
  std::vector<Parameter> parameters;
  std::string_view summary;   ///< one line
  std::string_view reach;     ///< how far it claims to go, in words
  std::string_view source;    ///< paper and equation, or file of the reference code
  std::string_view citation;  ///< BibTeX entry of the source
  std::unique_ptr<const RopeScaling> (*make)(base::StrictObject& params);
};

/// All methods, in the order in which they are listed.
const std::vector<Method>& catalog();

/// nullptr when there is none of that name ("yarn" or "yarn/1").
const Method* find_method(std::string_view name);

/// Builds a chain from `[{"type": "yarn", "factor": 4}, ...]`. Every problem (unknown method, key,
/// value, conflict between members) is added with its JSON path below `path`.
Chain make_chain(const nlohmann::json& methods, const std::string& path, base::Problems& problems);

/// The same, throwing base::Error with `file` on any problem.
Chain make_chain(const nlohmann::json& methods, const std::string& file);

}  // namespace scalings
