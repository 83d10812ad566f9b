#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/sweep/prepared.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// What one method costs under one protocol, if no length fails.
struct Price {
  std::string method;
  std::string protocol;
  int64_t cells = 0;
  int64_t forwards = 0;
  int64_t tokens = 0;  ///< through the model; a shared trunk counts once
  double flops = 0;
  int64_t peak_bytes = 0;  ///< of the longest path
  double seconds = 0;
  double reach = 0;  ///< largest distance that a query sees at the longest length

  Price& operator+=(const Price& other);
};

/// Prices every series of an experiment at the given rates. Nothing is run.
std::vector<Price> price(const Prepared& prepared, const Rates& rates);

/// Pairs of query and key tokens that a plan attends.
double attended_pairs(const scalings::RotaryPlan& plan);

}  // namespace sweep
