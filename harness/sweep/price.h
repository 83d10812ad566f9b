#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/sweep/prepared.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// What one method costs under one protocol at one length, if no length fails: the most. Nothing
/// where its cells are those of a method before it, whose chain is the same.
struct Price {
  std::string method;
  std::string protocol;
  int64_t length = 0;  ///< the longest, of those that one pass answers together
  int64_t cells = 0;
  int64_t forwards = 0;
  int64_t tokens = 0;  ///< through the model; a shared trunk counts once
  double flops = 0;
  int64_t peak_bytes = 0;  ///< of the pass that needs most
  double seconds = 0;
  double least_flops = 0;  ///< if no answer is ever right, and failures end series early
  double least_seconds = 0;
  double reach = 0;  ///< largest distance in tokens that a query sees at the longest length

  Price& operator+=(const Price& other);
};

/// What one pass of the model costs.
struct PassCost {
  double linear = 0;     ///< floating-point operations of linear layers and head
  double attention = 0;  ///< and of attention
};

/// Prices passes; keeps what consecutive passes of one method and length have in common.
class Pricer {
 public:
  explicit Pricer(const Prepared& prepared) : prepared_(prepared) {}
  PassCost cost(const PreparedMethod& method, const Pass& pass);
  int64_t peak_bytes(const PreparedMethod& method, const Pass& pass);
  /// Largest distance that a query sees in any layer.
  double reach(const PreparedMethod& method, const Pass& pass);
  /// Floating-point operations of all passes of a group.
  double flops(const PreparedMethod& method, const Group& group);

 private:
  /// A method's plans for a path, and what a pass asks of them.
  struct PathWork {
    const PreparedMethod* method = nullptr;
    scalings::LayerPlans plans;
    /// Pairs of query and key tokens of all queries before each: [length + 1]. Whole numbers.
    std::vector<double> pairs_in_full;  ///< in all layers but the last
    std::vector<double> last_pairs;     ///< in the last
    double reach = 0;
  };
  const PathWork& work_of(const PreparedMethod& method, int64_t path);

  const Prepared& prepared_;
  PathWork last_;
};

/// Prices every series of an experiment, length by length, at the given rates. Nothing is run.
std::vector<Price> price(const Prepared& prepared, const Rates& rates);

}  // namespace sweep
