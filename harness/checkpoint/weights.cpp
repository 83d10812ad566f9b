#include "harness/checkpoint/weights.h"

namespace checkpoint {

TensorView Weights::rows(Role role, int64_t layer, int64_t first, int64_t count) const {
  TensorView view = tensor(role, layer);
  const size_t row = view.bytes.size() / static_cast<size_t>(view.shape.front());  // in bytes
  view.bytes =
      view.bytes.subspan(static_cast<size_t>(first) * row, static_cast<size_t>(count) * row);
  view.shape.front() = count;
  return view;
}

}  // namespace checkpoint
