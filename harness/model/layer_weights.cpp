#include "harness/model/layer_weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "harness/checkpoint/roles.h"
#include "harness/model/kernels/parallel.h"

namespace model {
namespace {

at::ScalarType scalar_type(checkpoint::DType dtype) {
  switch (dtype) {
    case checkpoint::DType::f32:
      return at::kFloat;
    case checkpoint::DType::f16:
      return at::kHalf;
    case checkpoint::DType::bf16:
      return at::kBFloat16;
  }
  throw std::logic_error("unknown dtype");
}

void read(const checkpoint::Weights& weights, checkpoint::Role role, int64_t layer,
          at::ScalarType dtype, at::Tensor& into) {
  if (!weights.is_converted(role)) {
    into = borrow(weights.tensor(role, layer)).to(dtype);
    return;
  }
  const std::vector<int64_t> shape = checkpoint::role_shape(weights.spec(), role);
  if (!into.defined()) {
    into = at::empty(shape, dtype);
  }
  run_queue((shape.front() + converted_rows - 1) / converted_rows, [&](int64_t block) {
    const int64_t first = block * converted_rows;
    const int64_t count = std::min(converted_rows, shape.front() - first);
    into.narrow(0, first, count).copy_(borrow(weights.rows(role, layer, first, count)));
  });
}

}  // namespace

at::Tensor borrow(const checkpoint::TensorView& view) {
  const at::ScalarType type = scalar_type(view.dtype);
  void* bytes = const_cast<std::byte*>(view.bytes.data());
  if (reinterpret_cast<uintptr_t>(bytes) % c10::elementSize(type) != 0) {
    at::Tensor copy = at::empty(view.shape, type);
    std::memcpy(copy.mutable_data_ptr(), bytes, view.bytes.size());
    return copy;
  }
  return at::from_blob(
      bytes, view.shape, [owner = view.owner](void*) {}, at::TensorOptions().dtype(type));
}

void load_layer(const checkpoint::Weights& weights, int64_t layer, at::ScalarType dtype,
                LayerWeights& into) {
  using checkpoint::Role;
  const checkpoint::LlamaSpec& spec = weights.spec();
  const auto matrix = [&](Role role, at::Tensor& tensor) {
    read(weights, role, layer, dtype, tensor);
  };
  const auto norm = [&](Role role) { return borrow(weights.tensor(role, layer)).to(at::kFloat); };
  into.input_norm = norm(Role::input_norm);
  matrix(Role::query, into.query);
  matrix(Role::key, into.key);
  matrix(Role::value, into.value);
  matrix(Role::output, into.output);
  if (spec.query_key_value_bias) {
    matrix(Role::query_bias, into.query_bias);
    matrix(Role::key_bias, into.key_bias);
    matrix(Role::value_bias, into.value_bias);
  }
  if (spec.output_bias) {
    matrix(Role::output_bias, into.output_bias);
  }
  into.post_attention_norm = norm(Role::post_attention_norm);
  matrix(Role::gate, into.gate);
  matrix(Role::up, into.up);
  matrix(Role::down, into.down);
  if (spec.mlp_bias) {
    matrix(Role::gate_bias, into.gate_bias);
    matrix(Role::up_bias, into.up_bias);
    matrix(Role::down_bias, into.down_bias);
  }
}

}  // namespace model
