#include "harness/model/training/rotary_tables.h"

#include "harness/base/error.h"
#include "harness/model/kernels/rotary.h"

namespace training {

RotaryTables rotary_tables(const scalings::RotaryPlan& plan, const scalings::RopeShape& shape) {
  const int64_t length = plan.length();
  if (plan.views.size() != 1 || plan.spans != scalings::SpanTable::causal(length)) {
    throw base::Error(base::Fault::input, "scaling",
                      {"", "this chain changes which keys are attended or how they are measured",
                       "train with methods that edit frequencies, gain or magnitude only"});
  }
  RotaryTables tables;
  tables.rotary_dim = shape.rotary_dim;
  const auto turn = [&](int64_t ruler_index, at::Tensor& cos, at::Tensor& sin) {
    const scalings::Ruler& ruler = plan.rulers.at(static_cast<size_t>(ruler_index));
    const Eigen::ArrayXd& inv_freq = plan.inv_freq.at(static_cast<size_t>(ruler.frequencies));
    const model::RotaryTable table = model::rotary_table(inv_freq, ruler.position, plan.magnitude);
    cos = table.cos;
    sin = table.sin;
  };
  turn(plan.views[0].query, tables.query_cos, tables.query_sin);
  turn(plan.views[0].key, tables.key_cos, tables.key_sin);
  if ((plan.gain != 1.0).any()) {
    tables.gain = at::empty({length}, at::kFloat);
    for (int64_t row = 0; row < length; ++row) {
      tables.gain[row] = static_cast<float>(plan.gain[row]);
    }
  }
  return tables;
}

}  // namespace training
