#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "scalings/plan.h"

namespace scalings {

/// One published way of stretching RoPE: an edit of a plan.
class RopeScaling {
 public:
  virtual ~RopeScaling() = default;

  /// Versioned name ("type": "yarn/1") and every default spelled out; rebuilds this object.
  virtual nlohmann::json params() const = 0;

  /// Edits the plan that the chain has built so far. Pure: depends on nothing but its arguments.
  virtual void edit(RotaryPlan& plan, const Context& context) const = 0;

  /// Whether edit() does the same on both layers. Who tells layers apart must say so: of layers
  /// that are treated alike only one is planned.
  virtual bool treats_alike(int64_t /*layer*/, int64_t /*other*/) const { return true; }

  /// Longest context, in tokens, for which the method's own rule claims to work (s * trained
  /// length, (L - W) G + W ...); nothing where its source states no limit.
  virtual std::optional<int64_t> stated_limit(const RopeShape&) const { return {}; }
};

/// Methods applied one after another; empty is plain RoPE.
using Chain = std::vector<std::unique_ptr<const RopeScaling>>;

/// The plan of a chain. Validates the context and throws base::Error naming the method where a
/// method cannot serve it.
RotaryPlan make_plan(const Chain& chain, const Context& context);

/// Whether every method of the chain treats both layers alike: their plans are equal then.
bool treats_alike(const Chain& chain, int64_t layer, int64_t other);

/// params() of every method, in order.
nlohmann::json params(const Chain& chain);

/// The smallest stated limit of the chain, if any states one.
std::optional<int64_t> stated_limit(const Chain& chain, const RopeShape& shape);

}  // namespace scalings
