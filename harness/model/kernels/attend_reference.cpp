#include "harness/model/kernels/attend_reference.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <vector>

namespace model {
namespace {

/// x [length, heads, head_dim] turned by the positions of one ruler; complex numbers in double, so
/// that nothing is shared with rotate().
at::Tensor turned(const at::Tensor& x, const scalings::RotaryPlan& plan, int64_t ruler) {
  const Eigen::ArrayXd& position = plan.rulers[ruler].position;
  const Eigen::ArrayXd& inv_freq = plan.inv_freq[plan.rulers[ruler].frequencies];
  const int64_t pairs = inv_freq.size();
  const auto at_double = at::TensorOptions().dtype(at::kDouble);
  const at::Tensor angle =
      at::outer(at::from_blob(const_cast<double*>(position.data()), {position.size()}, at_double),
                at::from_blob(const_cast<double*>(inv_freq.data()), {pairs}, at_double));
  const at::Tensor turn = at::polar(at::full_like(angle, plan.magnitude), angle).unsqueeze(1);
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor pair = at::complex(wide.narrow(2, 0, pairs), wide.narrow(2, pairs, pairs));
  const at::Tensor result = pair * turn;  // [length, heads, pairs]
  return at::cat({at::real(result), at::imag(result), wide.slice(2, 2 * pairs)}, 2);
}

}  // namespace

at::Tensor attend_reference(const scalings::RotaryPlan& plan, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value, at::ScalarType dtype) {
  const int64_t length = query.size(0);
  const int64_t heads = query.size(1);
  const int64_t head_dim = query.size(2);
  const int64_t group = heads / key.size(1);
  at::Tensor view_of = at::full({length, length}, -1, at::kLong);
  auto view_at = view_of.accessor<int64_t, 2>();
  at::Tensor gain = at::empty({length, 1}, at::kDouble);
  for (int64_t i = 0; i < length; ++i) {
    gain[i][0] = plan.gain[i];
    for (const scalings::Span& span : plan.spans.row(i)) {
      for (int64_t j = span.begin; j < span.end; ++j) {
        view_at[i][j] = span.view;
      }
    }
  }
  at::Tensor logits = at::full({heads, length, length}, -std::numeric_limits<double>::infinity(),
                               at::TensorOptions().dtype(dtype));
  for (size_t view = 0; view < plan.views.size(); ++view) {
    const at::Tensor q = turned(query, plan, plan.views[view].query).to(dtype).transpose(0, 1);
    const at::Tensor k = turned(key, plan, plan.views[view].key)
                             .to(dtype)
                             .transpose(0, 1)
                             .repeat_interleave(group, 0);  // [heads, length, head_dim]
    const at::Tensor product =
        at::bmm(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(head_dim)) * gain.to(dtype);
    logits = at::where((view_of == static_cast<int64_t>(view)).unsqueeze(0), product, logits);
  }
  const at::Tensor v = value.to(dtype).transpose(0, 1).repeat_interleave(group, 0);
  return at::bmm(at::softmax(logits, 2), v).transpose(0, 1).contiguous();
}

}  // namespace model
