#include "harness/model/attend.h"

#include <torch/torch.h>

#include <numeric>

#include "harness/model/attend_kernels.h"

namespace model {

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
  const RowPlan rows({{0, 0, query.size(0), &plan}});
  const auto attention = make_attention({query.size(1), key.size(1), query.size(2)}, rows,
                                        query.scalar_type(), kernel);
  attention->store(0, key, value);
  std::vector<int64_t> all(query.size(0));
  std::iota(all.begin(), all.end(), 0);
  return attention->attend(all, query);
}

}  // namespace model
