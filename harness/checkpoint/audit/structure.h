#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/audit/architecture.h"

namespace audit {

/// All that structure is inferred from: no name takes part, only which tensors share a layer.
struct ShapeInLayer {
  std::vector<int64_t> shape;
  std::optional<int64_t> layer;  ///< nothing for tensors outside the layers
};

/// Tensors that nothing but names or order could tell apart.
struct ShapeClass {
  std::vector<int64_t> shape;
  bool per_layer = false;
  bool operator==(const ShapeClass&) const = default;
  auto operator<=>(const ShapeClass&) const = default;
};

/// One reading of the shapes: this architecture with these sizes needs exactly these tensors.
struct Reading {
  const Architecture* architecture = nullptr;
  Dims dims{};
  int64_t layers = 0;

  int64_t operator[](Dim dim) const { return dims[static_cast<size_t>(dim)]; }
};

struct Structure {
  bool layers_are_known = false;  ///< some tensor said to which layer it belongs
  std::vector<Reading> readings;  ///< all that fit; none: an unknown structure
  /// Roles that a tensor of the class can have under any reading, in the order of a forward pass:
  /// one means that shapes decide it.
  std::map<ShapeClass, std::vector<std::string_view>> roles;
  /// Why nothing can fit: layers that are not alike, a missing layer ...; else empty.
  std::string irregularity;
};

/// Finds every architecture whose tensors, as a multiset of shapes per layer and outside the
/// layers, are exactly these. Without layers (all `layer` empty) it works on the multiset of all
/// shapes.
Structure infer_structure(const std::vector<ShapeInLayer>& tensors);

}  // namespace audit
