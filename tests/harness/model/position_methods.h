#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scalings/scaling.h"

namespace model_test {

/// A chain with a method that changes what attention sees, small enough that 200 tokens cross every
/// border of its plan.
struct PositionMethod {
  std::string name;
  const char* chain;        ///< as in an experiment
  int64_t plain_up_to = 0;  ///< tokens up to which it documents to be plain RoPE; 0: never
};

/// Every method of the catalog that sets positions, and the compositions that their papers use; for
/// a model of 2 layers that was trained with 128 tokens.
const std::vector<PositionMethod>& position_methods();

/// The same with windows that end inside the second tile of keys, for 1,100 tokens.
const std::vector<PositionMethod>& wide_position_methods();

scalings::Chain chain_of(const PositionMethod& method);

}  // namespace model_test
