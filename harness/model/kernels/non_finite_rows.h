#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "harness/model/kernels/bands.h"

namespace model {

/// Rows of values that hold NaN or an infinity. A tile multiplies the values of all its keys with
/// the weights of all its queries, and 0 * NaN is NaN: such a row would reach queries that do not
/// attend it. It is therefore stored as zeros and marked here, and exactly the queries that attend
/// it are answered with NaN.
class NonFiniteRows {
 public:
  NonFiniteRows(int64_t kv_heads, int64_t rows);

  /// Forgets the marks of rows [first_row, first_row + rows), of all heads. Different rows may be
  /// forgotten and marked from different threads.
  void forget(int64_t first_row, int64_t rows);
  void mark(int64_t kv_head, int64_t row);

  /// Whether query `query` of the bands' block attends a marked row.
  bool attended(int64_t kv_head, const std::vector<Band>& bands, int64_t query) const;

 private:
  int64_t rows_;
  std::vector<uint8_t> marks_;  // [kv_heads][rows]
  std::atomic<bool> any_{false};
};

}  // namespace model
