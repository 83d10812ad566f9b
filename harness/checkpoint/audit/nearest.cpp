#include "harness/checkpoint/audit/nearest.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace audit {
namespace {

// Pairs of names grow with the square: beyond these, a structure is plainly another one.
constexpr size_t most_patterns = 24;

/// What an inference needs of layers that are alike: the tensors outside the layers and those of
/// the first, each with the number of its pattern.
class Tensors {
 public:
  Tensors(const std::vector<NamedShape>& tensors, std::vector<Pattern> patterns)
      : patterns_(std::move(patterns)), in_layers_(patterns_.size()) {
    std::map<std::pair<std::string, std::vector<int64_t>>, size_t> number;
    for (size_t i = 0; i < patterns_.size(); ++i) {
      number[{patterns_[i].text, patterns_[i].shape}] = i;
    }
    const std::vector<ShapeInLayer> shapes = shapes_of(tensors);
    for (const ShapeInLayer& shape : shapes) {
      layers_ = std::max(layers_, shape.layer.value_or(-1) + 1);
    }
    for (auto& counts : in_layers_) counts.resize(static_cast<size_t>(layers_));
    for (size_t i = 0; i < tensors.size(); ++i) {
      const auto layer = shapes[i].layer;
      const size_t pattern = number.at({split_layer(tensors[i].name).pattern, tensors[i].shape});
      if (layer) ++in_layers_[pattern][static_cast<size_t>(*layer)];
      if (layer.value_or(0) > 0) continue;
      shapes_.push_back(shapes[i]);
      pattern_of_.push_back(pattern);
    }
  }

  const std::vector<Pattern>& patterns() const { return patterns_; }

  /// What is left without these patterns, read as a known architecture.
  std::optional<Reading> read_without(const std::vector<size_t>& left_out,
                                      const Inference& infer) const {
    if (!leaves_layers_alike(left_out)) return {};
    const auto stays = [&](size_t pattern) {
      return std::find(left_out.begin(), left_out.end(), pattern) == left_out.end();
    };
    std::vector<ShapeInLayer> rest;
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (stays(pattern_of_[i])) rest.push_back(shapes_[i]);
    }
    const Structure structure = infer(rest);
    if (structure.readings.empty()) return {};
    Reading reading = structure.readings.front();
    // Where no tensor that stays tells its layer, all are in `rest`, and counted already.
    if (structure.layers_are_known) reading.layers = layers_;
    return reading;
  }

  /// Names that stay and are not the architecture's own.
  int64_t strangers(const Architecture& architecture, const std::vector<size_t>& left_out) const {
    int64_t count = 0;
    for (size_t i = 0; i < patterns_.size(); ++i) {
      const bool stays = std::find(left_out.begin(), left_out.end(), i) == left_out.end();
      const bool is_at_home =
          std::any_of(architecture.slots.begin(), architecture.slots.end(),
                      [&](const Slot& slot) { return slot.name == patterns_[i].text; });
      count += stays && !is_at_home;
    }
    return count;
  }

 private:
  /// Whether every layer loses the same shapes. A name of some layers only may be left out together
  /// with the one that the others have in its place, never alone.
  bool leaves_layers_alike(const std::vector<size_t>& left_out) const {
    std::map<std::vector<int64_t>, std::vector<int64_t>> lost;  // shape -> how many, by layer
    for (const size_t pattern : left_out) {
      const std::vector<int64_t>& counts = in_layers_[pattern];
      std::vector<int64_t>& sums = lost[patterns_[pattern].shape];
      sums.resize(counts.size());
      for (size_t layer = 0; layer < counts.size(); ++layer) sums[layer] += counts[layer];
    }
    return std::all_of(lost.begin(), lost.end(), [](const auto& of_shape) {
      const std::vector<int64_t>& sums = of_shape.second;
      return std::adjacent_find(sums.begin(), sums.end(), std::not_equal_to<>()) == sums.end();
    });
  }

  std::vector<Pattern> patterns_;
  std::vector<std::vector<int64_t>> in_layers_;  ///< tensors of a pattern, by layer
  int64_t layers_ = 0;
  std::vector<ShapeInLayer> shapes_;
  std::vector<size_t> pattern_of_;
};

}  // namespace

std::optional<Nearest> find_nearest(const std::vector<NamedShape>& tensors,
                                    const Inference& infer) {
  std::vector<Pattern> patterns = find_patterns(tensors);
  const size_t count = patterns.size();
  if (count > most_patterns) return {};
  const Tensors all(tensors, std::move(patterns));
  std::optional<Nearest> best;
  int64_t fewest = 0;
  const auto consider = [&](const std::vector<size_t>& left_out) {
    const auto reading = all.read_without(left_out, infer);
    if (!reading) return;
    const int64_t strangers = all.strangers(*reading->architecture, left_out);
    if (best && strangers >= fewest) return;
    fewest = strangers;
    best = Nearest{*reading, {}};
    for (const size_t pattern : left_out) best->beyond.push_back(all.patterns()[pattern]);
  };
  for (size_t i = 0; i < count; ++i) consider({i});
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) consider({i, j});
  }
  return best;
}

}  // namespace audit
