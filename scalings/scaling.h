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

  /// Longest context, in tokens, for which the method's own rule claims to work (s * trained
  /// length, (L - W) G + W ...); nothing where its source states no limit.
  virtual std::optional<int64_t> stated_limit(const RopeShape&) const { return {}; }
};

/// Methods applied one after another; empty is plain RoPE.
using Chain = std::vector<std::unique_ptr<const RopeScaling>>;

/// The plan of a chain. Validates the context and throws base::Error naming the method where a
/// method cannot serve it.
RotaryPlan make_plan(const Chain& chain, const Context& context);

/// params() of every method, in order.
nlohmann::json params(const Chain& chain);

/// The smallest stated limit of the chain, if any states one.
std::optional<int64_t> stated_limit(const Chain& chain, const RopeShape& shape);

}  // namespace scalings
