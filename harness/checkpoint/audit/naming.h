#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/audit/structure.h"

namespace audit {

/// A tensor of a header or of a table.
struct NamedShape {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
};

/// Tensors whose names differ in the layer's number only: model.layers.{}.ln1.weight.
struct Pattern {
  std::string text;
  std::string dtype;  ///< "mixed" when they differ
  std::vector<int64_t> shape;
  bool per_layer = false;
  int64_t count = 0;
};

/// A name cut at its layer's number: a dotted component that is all digits. Where names hold
/// several numbers ("model.0.layers.12.ln1"), `which` counts them from 0.
struct LayerName {
  std::string pattern;
  std::optional<int64_t> layer;
};
LayerName split_layer(std::string_view name, int which = 0);

/// The name that was cut so, or that of the same tensor in another layer.
std::string with_layer(const std::string& pattern, std::optional<int64_t> layer);

/// Sorted by text with numbers in them compared as numbers; a name whose tensors have several
/// shapes stands once for each.
std::vector<Pattern> find_patterns(const std::vector<NamedShape>& tensors, int which = 0);

std::vector<ShapeInLayer> shapes_of(const std::vector<NamedShape>& tensors, int which = 0);

/// On what ground a pattern was given its role.
enum class Ground {
  shape,        ///< no other role has this shape
  same_name,    ///< it has the role's own name
  known_alias,  ///< it has a name that the role is known to go by elsewhere
  elimination,  ///< the only role of its class that was left
  order,        ///< a guess: names in order, roles in order of a forward pass
  undecided,
};
std::string_view name_of(Ground ground);

/// What a pattern does in LLaMA (or in whatever architecture the first reading names).
struct NamedRole {
  Pattern pattern;
  std::vector<std::string_view> candidates;  ///< by shape alone
  std::string_view role;                     ///< empty when undecided
  std::string_view standard_name;            ///< pattern at home; empty when undecided
  Ground ground = Ground::undecided;

  bool is_renamed() const { return !role.empty() && pattern.text != standard_name; }
};

/// Gives every pattern its role: by shape where that decides, else by name, alias, elimination, and
/// last by order. Needs a structure with a reading.
std::vector<NamedRole> resolve_names(const std::vector<Pattern>& patterns,
                                     const Structure& structure);

}  // namespace audit
