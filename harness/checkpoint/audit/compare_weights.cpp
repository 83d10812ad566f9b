#include "harness/checkpoint/audit/compare_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "harness/checkpoint/convert.h"
#include "harness/checkpoint/safetensors_header.h"

namespace audit {

TensorSimilarity compare_tensors(const checkpoint::TensorView& first,
                                 const checkpoint::TensorView& second) {
  constexpr int64_t block = 1 << 16;
  const int64_t first_width = checkpoint::width(first.dtype);
  const int64_t second_width = checkpoint::width(second.dtype);
  const int64_t count = std::ssize(first.bytes) / first_width;
  std::vector<float> a(block);
  std::vector<float> b(block);
  bool is_equal = true;
  double dot = 0;
  double first_square = 0;
  double second_square = 0;
  for (int64_t begin = 0; begin < count; begin += block) {
    const auto size = static_cast<size_t>(std::min(block, count - begin));
    const auto part = [&](const checkpoint::TensorView& view, int64_t width) {
      return view.bytes.subspan(static_cast<size_t>(begin * width),
                                size * static_cast<size_t>(width));
    };
    checkpoint::to_float(first.dtype, part(first, first_width), std::span(a).first(size));
    checkpoint::to_float(second.dtype, part(second, second_width), std::span(b).first(size));
    for (size_t i = 0; i < size; ++i) {
      dot += static_cast<double>(a[i]) * b[i];
      first_square += static_cast<double>(a[i]) * a[i];
      second_square += static_cast<double>(b[i]) * b[i];
    }
    // Bit by bit, so that NaN equals itself and -0 differs from 0.
    is_equal = is_equal && std::memcmp(a.data(), b.data(), size * sizeof(float)) == 0;
  }
  return {{}, is_equal, dot / std::sqrt(first_square * second_square), dot / second_square};
}

}  // namespace audit
