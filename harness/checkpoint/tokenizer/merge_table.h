#pragma once

#include <cstdint>
#include <vector>

#include "evals/tokenizer.h"

namespace checkpoint {

/// Two tokens that become one. Of all pairs in a word the lowest rank is merged first.
struct Merge {
  evals::Token left = 0;
  evals::Token right = 0;
  evals::Token merged = 0;
  int32_t rank = 0;
};

/// Merges by their pair: the lookup that encoding spends its time on, in one flat array.
class MergeTable {
 public:
  /// Of several merges of one pair the last one counts.
  explicit MergeTable(const std::vector<Merge>& merges);

  /// Nothing (nullptr) when the pair does not merge. Negative tokens merge with nothing.
  const Merge* find(evals::Token left, evals::Token right) const;

 private:
  size_t slot_of(evals::Token left, evals::Token right) const;

  std::vector<Merge> slots_;  ///< open addressing, a power of two; left < 0: free
};

}  // namespace checkpoint
