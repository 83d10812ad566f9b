#include "harness/model/kernels/non_finite_rows.h"

#include <algorithm>
#include <cstring>

namespace model {

NonFiniteRows::NonFiniteRows(int64_t kv_heads, int64_t rows)
    : rows_(rows), marks_(kv_heads * rows, 0) {}

void NonFiniteRows::forget(int64_t first_row, int64_t rows) {
  for (size_t head = 0; head < marks_.size(); head += rows_) {
    std::fill_n(marks_.begin() + static_cast<int64_t>(head) + first_row, rows, uint8_t{0});
  }
}

void NonFiniteRows::mark(int64_t kv_head, int64_t row) {
  marks_[kv_head * rows_ + row] = 1;
  any_ = true;
}

bool NonFiniteRows::attended(int64_t kv_head, const std::vector<Band>& bands, int64_t query) const {
  if (!any_) {
    return false;
  }
  const uint8_t* marks = marks_.data() + kv_head * rows_;
  return std::any_of(bands.begin(), bands.end(), [&](const Band& band) {
    const int64_t begin = band.begins[query];
    return std::memchr(marks + begin, 1, band.ends[query] - begin) != nullptr;
  });
}

}  // namespace model
