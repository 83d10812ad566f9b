#include "harness/checkpoint/audit/nearest.h"

#include <algorithm>
#include <map>

namespace audit {
namespace {

// Pairs of names grow with the square: beyond these, a structure is plainly another one.
constexpr size_t most_patterns = 24;

/// All tensors, each with the number of its pattern.
class Tensors {
 public:
  explicit Tensors(const std::vector<NamedShape>& tensors) : patterns_(find_patterns(tensors)) {
    std::map<std::pair<std::string, std::vector<int64_t>>, size_t> number;
    for (size_t i = 0; i < patterns_.size(); ++i) {
      number[{patterns_[i].text, patterns_[i].shape}] = i;
    }
    shapes_ = shapes_of(tensors);
    for (const NamedShape& tensor : tensors) {
      pattern_of_.push_back(number.at({split_layer(tensor.name).pattern, tensor.shape}));
    }
  }

  const std::vector<Pattern>& patterns() const { return patterns_; }

  /// What is left without these patterns, read as a known architecture.
  std::optional<Reading> read_without(const std::vector<size_t>& left_out) const {
    const auto stays = [&](size_t pattern) {
      return std::find(left_out.begin(), left_out.end(), pattern) == left_out.end();
    };
    std::vector<ShapeInLayer> rest;
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (stays(pattern_of_[i])) rest.push_back(shapes_[i]);
    }
    const Structure structure = infer_structure(rest);
    if (structure.readings.empty()) return {};
    return structure.readings.front();
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
  std::vector<Pattern> patterns_;
  std::vector<ShapeInLayer> shapes_;
  std::vector<size_t> pattern_of_;
};

}  // namespace

std::optional<Nearest> find_nearest(const std::vector<NamedShape>& tensors) {
  const Tensors all(tensors);
  const size_t count = all.patterns().size();
  if (count > most_patterns) return {};
  std::optional<Nearest> best;
  int64_t fewest = 0;
  const auto consider = [&](const std::vector<size_t>& left_out) {
    const auto reading = all.read_without(left_out);
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
