#include "harness/model/layer_weights.h"

#include <ATen/ATen.h>

#include <cstdint>

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

LayerWeights load_layer(const checkpoint::Weights& weights, int64_t layer, at::ScalarType dtype) {
  using checkpoint::Role;
  const checkpoint::LlamaSpec& spec = weights.spec();
  const auto matrix = [&](Role role) { return borrow(weights.tensor(role, layer)).to(dtype); };
  const auto norm = [&](Role role) { return borrow(weights.tensor(role, layer)).to(at::kFloat); };
  LayerWeights loaded;
  loaded.input_norm = norm(Role::input_norm);
  loaded.query = matrix(Role::query);
  loaded.key = matrix(Role::key);
  loaded.value = matrix(Role::value);
  loaded.output = matrix(Role::output);
  if (spec.query_key_value_bias) {
    loaded.query_bias = matrix(Role::query_bias);
    loaded.key_bias = matrix(Role::key_bias);
    loaded.value_bias = matrix(Role::value_bias);
  }
  if (spec.output_bias) {
    loaded.output_bias = matrix(Role::output_bias);
  }
  loaded.post_attention_norm = norm(Role::post_attention_norm);
  loaded.gate = matrix(Role::gate);
  loaded.up = matrix(Role::up);
  loaded.down = matrix(Role::down);
  if (spec.mlp_bias) {
    loaded.gate_bias = matrix(Role::gate_bias);
    loaded.up_bias = matrix(Role::up_bias);
    loaded.down_bias = matrix(Role::down_bias);
  }
  return loaded;
}

}  // namespace model
