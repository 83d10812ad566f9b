#include "harness/model/kernels/work_items.h"

#include <algorithm>

#include "harness/model/kernels/parallel.h"

namespace model {

void run_attention_items(const RowPlan& plan, std::span<const int64_t> rows, int64_t heads,
                         int64_t block_size,
                         const std::function<void(const QueryBlock& block, int64_t head)>& work) {
  const int64_t count = static_cast<int64_t>(rows.size());
  std::vector<QueryBlock> blocks;
  for (int64_t first = 0; first < count; first += block_size) {
    QueryBlock block{first, rows.subspan(first, std::min(block_size, count - first)), {}, 0};
    block.bands = make_bands(plan, block.rows);
    block.keys = attended_keys(block.bands);
    blocks.push_back(std::move(block));
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const QueryBlock& a, const QueryBlock& b) { return a.keys > b.keys; });
  run_queue(static_cast<int64_t>(blocks.size()) * heads,
            [&](int64_t item) { work(blocks[item / heads], item % heads); });
}

}  // namespace model
