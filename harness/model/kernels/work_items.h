#pragma once

#include <functional>
#include <span>
#include <vector>

#include "harness/model/kernels/bands.h"

namespace model {

/// A block of queries that one work item answers for one head.
struct QueryBlock {
  int64_t first = 0;  ///< index of its first query in the list of rows
  std::span<const int64_t> rows;
  std::vector<Band> bands;
  int64_t keys = 0;  ///< attended, over all its rows
};

/// Cuts `rows` into blocks and runs work(block, head) for every block and head, largest blocks
/// first, from one queue: the last items to finish are small ones.
void run_attention_items(const RowPlan& plan, std::span<const int64_t> rows, int64_t heads,
                         int64_t block_size,
                         const std::function<void(const QueryBlock& block, int64_t head)>& work);

}  // namespace model
