#include "harness/model/kernels/attend.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "harness/model/kernels/attend_kernels.h"
#include "harness/model/kernels/parallel.h"

namespace model {
namespace {

constexpr int64_t stored_rows = 512;  // at a time: what storing them needs stays in the cache

}  // namespace

std::string name(Kernel kernel) {
  switch (kernel) {
    case Kernel::portable:
      return "portable";
    case Kernel::brgemm_avx512:
      return "brgemm_avx512";
  }
  throw std::logic_error("unknown kernel");
}

Kernel best_kernel(at::ScalarType dtype, const AttentionShape& shape) {
  return brgemm_serves(dtype, shape) ? Kernel::brgemm_avx512 : Kernel::portable;
}

std::unique_ptr<Attention> make_attention(const AttentionShape& shape, const RowPlan& plan,
                                          at::ScalarType dtype, Kernel kernel) {
  switch (kernel) {
    case Kernel::portable:
      return make_portable_attention(shape, plan, dtype);
    case Kernel::brgemm_avx512:
      return make_brgemm_attention(shape, plan, dtype);
  }
  throw std::logic_error("unknown kernel");
}

at::Tensor attend(const scalings::RotaryPlan& plan, const at::Tensor& query, const at::Tensor& key,
                  const at::Tensor& value, Kernel kernel) {
  const int64_t length = query.size(0);
  const RowPlan plans({{0, 0, length, &plan}});
  const auto attention = make_attention({query.size(1), key.size(1), query.size(2)}, plans,
                                        query.scalar_type(), kernel);
  run_queue((length + stored_rows - 1) / stored_rows, [&](int64_t item) {
    const int64_t first = item * stored_rows;
    const int64_t rows = std::min(stored_rows, length - first);
    attention->store(first, key.narrow(0, first, rows), value.narrow(0, first, rows));
  });
  std::vector<int64_t> all(length);
  std::iota(all.begin(), all.end(), 0);
  return attention->attend(all, query);
}

}  // namespace model
