#include "harness/checkpoint/tokenizer/merge_table.h"

#include <bit>

namespace checkpoint {

MergeTable::MergeTable(const std::vector<Merge>& merges)
    : slots_(std::bit_ceil(2 * merges.size() + 1), Merge{-1, -1, -1, 0}) {
  for (const Merge& merge : merges) slots_[slot_of(merge.left, merge.right)] = merge;
}

size_t MergeTable::slot_of(evals::Token left, evals::Token right) const {
  const uint64_t pair = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  // Fibonacci hashing: the upper bits of the product depend on all bits of the pair.
  const uint64_t hash = pair * 0x9E3779B97F4A7C15u;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = (hash >> 32) & mask;; slot = (slot + 1) & mask) {
    const Merge& here = slots_[slot];
    if (here.left < 0 || (here.left == left && here.right == right)) return slot;
  }
}

const Merge* MergeTable::find(evals::Token left, evals::Token right) const {
  if (left < 0) return nullptr;
  const Merge& here = slots_[slot_of(left, right)];
  return here.left < 0 ? nullptr : &here;
}

}  // namespace checkpoint
