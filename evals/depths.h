#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evals/document.h"

namespace evals {

/// Where in the haystack a trial wants its needle: uniform in [from, from + width). 0 is the start
/// of the haystack, 1 its end. `from` names the depth in rows and in random identities.
struct Depth {
  double from = 0;
  double width = 0;
  bool operator==(const Depth&) const = default;
};

/// Throws base::Error(Fault::input) unless [from, from + width] lies in [0, 1].
void validate(const Depth& depth);

/// A fixed design of needle depths. Trials go round it: trial t gets depth t mod `depths`.
///   stratified  the haystack in `depths` equal strata, a fresh uniform draw inside one per trial
///   grid        i / (depths - 1): both ends included; one depth is the middle
///   distances   distance from the end (i + 1) L / depths, as in PI section 3.3: depth
///               1 - (i + 1) / depths
struct DepthDesign {
  enum class Kind { stratified, grid, distances };
  Kind kind = Kind::stratified;
  int64_t depths = 10;

  /// Throws base::Error(Fault::input) when depths < 1 or trial < 0.
  Depth of_trial(int64_t trial) const;

  /// Whether `trial` is one of `count` trials that lie over the depths as evenly as they can: all
  /// of the first count / depths rounds, and of the next round depths at equal distances. Those of
  /// a smaller count are not always among those of a greater one. Throws as of_trial does.
  bool is_kept(int64_t trial, int64_t count) const;

  /// Third of the haystack that a trial is to ask about, 0 to 2: that of its depth, or of the
  /// middle of its stratum. Where the needle comes to lie differs by less than a unit of the hay,
  /// and must not decide how many trials a third has. Throws as of_trial does.
  int64_t band_of_trial(int64_t trial) const;
  bool operator==(const DepthDesign&) const = default;
};

/// What experiments call the kinds, in their order.
const std::vector<std::string>& depth_kind_names();

/// The kind of that name. Throws base::Error(Fault::input) for another one.
DepthDesign::Kind depth_kind(const std::string& name);

}  // namespace evals
