#pragma once

#include <cstdint>

namespace model::portable {

inline constexpr int64_t panel = 16;  ///< columns of B that lie side by side

/// c = a * b, or c += a * b, on the calling thread. b is stored in panels of 16 columns (as
/// GotoBLAS packs it: Goto and van de Geijn, ACM TOMS 34(3), 2008): column j of row k is b[j / 16 *
/// panel_stride + k * 16 + j % 16]. An element is summed over k ascending, whatever the number of
/// rows and columns: its bits do not depend on its neighbours.
struct Product {
  int64_t rows;
  int64_t columns;  ///< a multiple of 16
  int64_t depth;
  const float* a;  ///< [rows, depth], rows a_stride apart
  int64_t a_stride;
  const float* b;
  int64_t panel_stride;
  float* c;  ///< [rows, columns], rows c_stride apart
  int64_t c_stride;
  bool add;  ///< to what c holds
};

void multiply(const Product& product);

}  // namespace model::portable
