#include "harness/sweep/method_grid.h"

#include <fmt/format.h>

#include <functional>

namespace sweep {
namespace {

struct Grid {
  size_t member;  ///< of the chain
  std::string parameter;
  base::Json values;
};

bool is_grid(const base::Json& value) { return value.is_object() && value.contains("grid"); }

bool contains_grid(const base::Json& value) {
  if (is_grid(value)) return true;
  if (!value.is_structured()) return false;
  for (const base::Json& member : value) {
    if (contains_grid(member)) return true;
  }
  return false;
}

/// How a value stands in a method's name.
std::string label(const base::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  // The fewest digits that read back to it, as users write it.
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return base::canonical_json(value);
}

std::vector<Grid> find_grids(const base::Json& chain, const std::string& path,
                             base::Problems& problems) {
  std::vector<Grid> grids;
  for (size_t member = 0; member < chain.size(); ++member) {
    if (!chain[member].is_object()) continue;
    for (const auto& [parameter, value] : chain[member].items()) {
      const std::string at = fmt::format("{}/{}/{}", path, member, parameter);
      if (!is_grid(value)) {
        if (contains_grid(value)) {
          problems.add(at, "a grid stands only as the whole value of a parameter");
        }
        continue;
      }
      base::StrictObject grid(value, at, problems);
      const base::Json* values = grid.required("grid");
      grid.finish();
      if (!values || !values->is_array() || values->empty()) {
        problems.add(at + "/grid", "must be a list of at least one value");
        continue;
      }
      if (contains_grid(*values)) {
        problems.add(at + "/grid", "a grid inside a grid");
        continue;
      }
      grids.push_back({member, parameter, *values});
    }
  }
  return grids;
}

}  // namespace

std::vector<Method> expand_grid(const std::string& name, const base::Json& chain,
                                const std::string& path, base::Problems& problems) {
  const std::vector<Grid> grids = find_grids(chain, path, problems);
  if (grids.empty()) return {{name, "", chain}};

  std::vector<Method> methods;
  const std::function<void(size_t, base::Json, std::string)> expand =
      [&](size_t depth, base::Json made, const std::string& labels) {
        if (depth == grids.size()) {
          methods.push_back({name + "[" + labels + "]", name, std::move(made)});
          return;
        }
        const Grid& grid = grids[depth];
        for (const base::Json& value : grid.values) {
          made[grid.member][grid.parameter] = value;
          expand(depth + 1, made,
                 labels + (labels.empty() ? "" : ",") + grid.parameter + "=" + label(value));
        }
      };
  expand(0, chain, "");
  return methods;
}

}  // namespace sweep
