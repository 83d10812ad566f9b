#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/model/kernels/row_plan.h"

namespace model {

/// For a block of queries, one contiguous range of keys per query, all measured with one view: what
/// a tile of (query block x key block) needs to know of a plan.
struct Band {
  int64_t view = 0;
  int64_t begin = 0;  ///< hull of all ranges
  int64_t end = 0;
  std::vector<int64_t> begins, ends;  ///< [queries]; empty range: begin == end
};

/// The spans of the given rows as bands. A row with several spans of one view fills several bands.
std::vector<Band> make_bands(const RowPlan& plan, std::span<const int64_t> rows);

/// Keys that the rows attend, all spans added: the work of the block.
int64_t attended_keys(const std::vector<Band>& bands);

}  // namespace model
