#include "harness/model/training/fused_ops.h"

#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "harness/model/kernels/compute_type.h"
#include "harness/model/training/row_kernels.h"

namespace training {
namespace {

using model::data;
using model::with_compute_type;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::Tensor contiguous_or_undefined(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.contiguous() : tensor;
}

class AddNormFunction : public Function<AddNormFunction> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               const std::optional<at::Tensor>& delta, const at::Tensor& gain,
                               double eps, at::ScalarType compute) {
    const int64_t rows = x.size(0);
    const int64_t width = x.size(1);
    const at::Tensor sum = at::empty_like(x);
    const at::Tensor normed = at::empty({rows, width}, x.options().dtype(compute));
    const at::Tensor inverse_rms = at::empty({rows}, x.options());
    with_compute_type(compute, [&](auto tag) {
      using T = decltype(tag);
      const AddNormForward<T> args{data<float>(x),
                                   delta ? data<T>(*delta) : nullptr,
                                   data<float>(gain),
                                   static_cast<float>(eps),
                                   width,
                                   data<float>(sum),
                                   data<T>(normed),
                                   data<float>(inverse_rms)};
      add_norm_forward(args, 0, rows);
    });
    context->set_materialize_grads(false);  // nothing reads the last sum
    context->save_for_backward({sum, inverse_rms, gain});
    context->saved_data["compute"] = static_cast<int64_t>(compute);
    context->saved_data["has_delta"] = delta.has_value();
    return {sum, normed};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& sum = saved[0];
    const auto compute = static_cast<at::ScalarType>(context->saved_data["compute"].toInt());
    const bool has_delta = context->saved_data["has_delta"].toBool();
    const int64_t rows = sum.size(0);
    const int64_t width = sum.size(1);
    const at::Tensor d_sum = contiguous_or_undefined(gradients[0]);
    const at::Tensor d_normed = gradients[1].contiguous();
    const at::Tensor d_x = at::empty_like(sum);
    const at::Tensor d_delta =
        has_delta ? at::empty({rows, width}, sum.options().dtype(compute)) : at::Tensor();
    const at::Tensor d_gain = at::zeros({width}, sum.options());
    with_compute_type(compute, [&](auto tag) {
      using T = decltype(tag);
      const AddNormBackward<T> args{data<float>(sum),      data<float>(saved[1]),
                                    data<float>(saved[2]), data<float>(d_sum),
                                    data<T>(d_normed),     width,
                                    data<float>(d_x),      data<T>(d_delta)};
      add_norm_backward(args, 0, rows, data<float>(d_gain));
    });
    return {d_x, d_delta, d_gain, {}, {}};
  }
};

class SwigluFunction : public Function<SwigluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_up) {
    const int64_t rows = gate_up.size(0);
    const int64_t width = gate_up.size(1) / 2;
    const at::Tensor y = at::empty({rows, width}, gate_up.options());
    with_compute_type(gate_up.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      swiglu_forward(data<T>(gate_up), data<T>(y), width, 0, rows);
    });
    context->save_for_backward({gate_up});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor gate_up = context->get_saved_variables()[0];
    const at::Tensor d_y = gradients[0].contiguous();
    const at::Tensor d_gate_up = at::empty_like(gate_up);
    with_compute_type(gate_up.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      swiglu_backward(data<T>(gate_up), data<T>(d_y), data<T>(d_gate_up), d_y.size(1), 0,
                      gate_up.size(0));
    });
    return {d_gate_up};
  }
};

enum class Direction { split, merge };

/// Moves every head between its packed place (a slice of a row of `packed`) and its own tensor,
/// turning it on the way.
void move_heads(const at::Tensor& packed, const Heads& heads, const RotaryTables& tables,
                const HeadShape& shape, Direction direction) {
  const int64_t slots = shape.heads + 2 * shape.kv_heads;
  const int64_t row_stride = slots * shape.head_dim;
  with_compute_type(packed.scalar_type(), [&](auto tag) {
    using T = decltype(tag);
    for (int64_t item = 0; item < shape.sequences * slots; ++item) {
      const int64_t sequence = item / slots;
      const int64_t slot = item % slots;
      const bool is_query = slot < shape.heads;
      const bool is_key = !is_query && slot < shape.heads + shape.kv_heads;
      const int64_t kv_slot = slot - shape.heads - (is_key ? 0 : shape.kv_heads);
      const at::Tensor& tensor = is_query ? heads.query : is_key ? heads.key : heads.value;
      const int64_t place =
          is_query ? sequence * shape.heads + slot : sequence * shape.kv_heads + kv_slot;
      T* const in_packed =
          data<T>(packed) + sequence * shape.length * row_stride + slot * shape.head_dim;
      T* const in_heads = data<T>(tensor) + place * shape.length * shape.head_dim;
      RotateHead<T> args{};
      const bool split = direction == Direction::split;
      args.from = split ? in_packed : in_heads;
      args.from_stride = split ? row_stride : shape.head_dim;
      args.to = split ? in_heads : in_packed;
      args.to_stride = split ? shape.head_dim : row_stride;
      args.sign = split ? 1.0F : -1.0F;
      args.length = shape.length;
      args.head_dim = shape.head_dim;
      if (is_query || is_key) {
        args.rotary_dim = tables.rotary_dim;
        args.cos = data<float>(is_query ? tables.query_cos : tables.key_cos);
        args.sin = data<float>(is_query ? tables.query_sin : tables.key_sin);
      }
      if (is_query) args.gain = data<float>(tables.gain);
      rotate_head(args);
    }
  });
}

Heads empty_heads(const HeadShape& shape, const at::TensorOptions& options) {
  const auto make = [&](int64_t heads) {
    return at::empty({shape.sequences, heads, shape.length, shape.head_dim}, options);
  };
  return {make(shape.heads), make(shape.kv_heads), make(shape.kv_heads)};
}

class RotateFunction : public Function<RotateFunction> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& qkv,
                               const RotaryTables& tables, const HeadShape& shape) {
    const Heads heads = empty_heads(shape, qkv.options());
    move_heads(qkv, heads, tables, shape, Direction::split);
    context->saved_data["tables"] =
        c10::List<at::Tensor>({tables.query_cos, tables.query_sin, tables.key_cos, tables.key_sin,
                               tables.gain.defined() ? tables.gain : at::empty({0})});
    context->saved_data["shape"] =
        c10::List<int64_t>({shape.sequences, shape.length, shape.heads, shape.kv_heads,
                            shape.head_dim, tables.rotary_dim});
    return {heads.query, heads.key, heads.value};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<at::Tensor> t = context->saved_data["tables"].toTensorVector();
    const std::vector<int64_t> s = context->saved_data["shape"].toIntVector();
    const HeadShape shape{s[0], s[1], s[2], s[3], s[4]};
    const RotaryTables tables{t[0], t[1], t[2], t[3], t[4].numel() > 0 ? t[4] : at::Tensor(), s[5]};
    const Heads heads{gradients[0].contiguous(), gradients[1].contiguous(),
                      gradients[2].contiguous()};
    const at::Tensor d_qkv = at::empty(
        {shape.sequences * shape.length, (shape.heads + 2 * shape.kv_heads) * shape.head_dim},
        gradients[0].options());
    move_heads(d_qkv, heads, tables, shape, Direction::merge);
    return {d_qkv, {}, {}};
  }
};

}  // namespace

AddNorm add_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& gain, double eps,
                 at::ScalarType compute) {
  const variable_list out = AddNormFunction::apply(
      x, delta.defined() ? std::optional(delta) : std::nullopt, gain, eps, compute);
  return {out[0], out[1]};
}

at::Tensor swiglu(const at::Tensor& gate_up) { return SwigluFunction::apply(gate_up); }

Heads rotate_heads(const at::Tensor& qkv, const RotaryTables& tables, const HeadShape& shape) {
  const variable_list out = RotateFunction::apply(qkv, tables, shape);
  return {out[0], out[1], out[2]};
}

}  // namespace training
