#include "harness/checkpoint/audit/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace audit {
namespace {

using Counts = std::map<ShapeClass, int64_t>;

// No architecture in the table has more; a file with thousands of shapes is not searched.
constexpr size_t most_classes = 16;

// Products of sizes stay far from overflow.
constexpr int64_t largest_extent = int64_t{1} << 40;

/// Assigns the slots of one architecture to shapes, one after another, binding sizes on the way and
/// going back when a shape runs out.
class Search {
 public:
  Search(const Architecture& architecture, Counts counts, bool layers_are_known, int64_t layers)
      : architecture_(architecture),
        remaining_(std::move(counts)),
        layers_are_known_(layers_are_known),
        layers_(layers) {}

  std::set<Dims> solutions() {
    place(0);
    return std::move(found_);
  }

 private:
  void place(size_t slot_index) {
    if (slot_index == architecture_.slots.size()) {
      if (is_sensible()) found_.insert(dims_);
      return;
    }
    const Slot& slot = architecture_.slots[slot_index];
    const int64_t needed = slot.per_layer ? layers_ : 1;
    for (auto& [candidate, left] : remaining_) {
      if (left < needed || candidate.shape.size() != slot.shape.size()) continue;
      if (layers_are_known_ && candidate.per_layer != slot.per_layer) continue;
      const Dims before = dims_;
      if (bind(slot, candidate.shape)) {
        left -= needed;
        place(slot_index + 1);
        left += needed;
      }
      dims_ = before;
    }
  }

  bool bind(const Slot& slot, const std::vector<int64_t>& shape) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      int64_t& size = dims_[static_cast<size_t>(slot.shape[axis])];
      if (size == 0) size = shape[axis];
      if (size != shape[axis] || size <= 0) return false;
    }
    return true;
  }

  int64_t size(Dim dim) const { return dims_[static_cast<size_t>(dim)]; }

  /// What no shape says, but every such transformer obeys: key/value heads divide the heads, a
  /// rotary table has one entry for two channels of a head.
  bool is_sensible() const {
    const int64_t hidden = size(Dim::hidden);
    if (size(Dim::key_value) > 0 && size(Dim::query) % size(Dim::key_value) != 0) return false;
    if (size(Dim::three_hidden) > 0 && size(Dim::three_hidden) != 3 * hidden) return false;
    if (size(Dim::one) > 1) return false;
    if (size(Dim::fused) > 0 && size(Dim::fused) <= hidden) return false;
    if (size(Dim::fused) > 3 * hidden) return false;
    const int64_t head_dim = 2 * size(Dim::frequencies);
    return head_dim == 0 || size(Dim::key_value) % head_dim == 0;
  }

  const Architecture& architecture_;
  Counts remaining_;
  bool layers_are_known_;
  int64_t layers_;
  Dims dims_{};
  std::set<Dims> found_;
};

/// Why the shapes cannot be those of a transformer of equal layers, in words; empty when they can.
std::string find_irregularity(const std::vector<ShapeInLayer>& tensors) {
  std::map<int64_t, std::multiset<std::vector<int64_t>>> layers;
  for (const ShapeInLayer& tensor : tensors) {
    if (tensor.layer) layers[*tensor.layer].insert(tensor.shape);
  }
  for (const ShapeInLayer& tensor : tensors) {
    for (const int64_t extent : tensor.shape) {
      if (extent > largest_extent) return fmt::format("a shape has an extent of {}", extent);
    }
  }
  int64_t expected = 0;
  for (const auto& [layer, shapes] : layers) {
    if (layer != expected) return fmt::format("layer {} is missing", expected);
    if (shapes != layers.begin()->second) {
      return fmt::format("the shapes in layer {} are not those in layer 0", layer);
    }
    ++expected;
  }
  return {};
}

void add_readings(const Architecture& architecture, const Counts& counts, int64_t tensors,
                  Structure& structure, int64_t known_layers) {
  const auto per_layer = std::count_if(architecture.slots.begin(), architecture.slots.end(),
                                       [](const Slot& slot) { return slot.per_layer; });
  const int64_t outside = std::ssize(architecture.slots) - per_layer;
  const int64_t layers = (tensors - outside) / per_layer;
  const bool adds_up = layers > 0 && outside + layers * per_layer == tensors;
  if (!adds_up || (structure.layers_are_known && layers != known_layers)) return;
  Search search(architecture, counts, structure.layers_are_known, layers);
  const std::set<Dims> solutions = search.solutions();
  // The larger sizes first: where embedding and positions could change places, the vocabulary is
  // nearly always the larger of the two.
  for (auto dims = solutions.rbegin(); dims != solutions.rend(); ++dims) {
    structure.readings.push_back({&architecture, *dims, layers});
  }
}

}  // namespace

Structure infer_structure(const std::vector<ShapeInLayer>& tensors) {
  Structure structure;
  std::set<int64_t> layers;
  for (const ShapeInLayer& tensor : tensors) {
    if (tensor.layer) layers.insert(*tensor.layer);
  }
  structure.layers_are_known = !layers.empty();
  structure.irregularity = find_irregularity(tensors);
  Counts counts;
  for (const ShapeInLayer& tensor : tensors) {
    ++counts[{tensor.shape, tensor.layer.has_value()}];
  }
  if (!structure.irregularity.empty() || counts.size() > most_classes) return structure;

  for (const Architecture& architecture : architectures()) {
    add_readings(architecture, counts, std::ssize(tensors), structure, std::ssize(layers));
  }
  for (const Reading& reading : structure.readings) {
    for (const Slot& slot : reading.architecture->slots) {
      ShapeClass at{{}, structure.layers_are_known && slot.per_layer};
      for (const Dim dim : slot.shape) at.shape.push_back(reading[dim]);
      auto& roles = structure.roles[at];
      if (std::find(roles.begin(), roles.end(), slot.role) == roles.end()) {
        roles.push_back(slot.role);
      }
    }
  }
  return structure;
}

}  // namespace audit
