#include "harness/model/kernels/llama_ops.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/model/kernels/compute_type.h"
#include "harness/model/kernels/product.h"
#include "harness/model/kernels/row_math.h"

namespace model {
namespace {

template <typename T>
struct NormRows {
  float* stream;   // [rows, width]; only read without a delta
  const T* delta;  // [rows, width], or null: nothing to add
  const float* gain;
  float eps;
  int64_t rows;
  int64_t width;
  T* y;  // [rows, width], or null: only the sum is wanted
};

template <typename T>
[[gnu::always_inline]] inline void norm_rows(const NormRows<T>& a) {
  for (int64_t row = 0; row < a.rows; ++row) {
    float* __restrict stream = a.stream + row * a.width;
    if (a.delta != nullptr) {
      const T* __restrict delta = a.delta + row * a.width;
      for (int64_t i = 0; i < a.width; ++i) stream[i] += load(delta[i]);
    }
    if (a.y != nullptr) norm_row(stream, a.gain, a.eps, a.width, a.y + row * a.width);
  }
}

[[gnu::target_clones("avx512f", "avx2", "default")]] void run(const NormRows<float>& args) {
  norm_rows(args);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void run(const NormRows<bf16>& args) {
  norm_rows(args);
}

template <typename T>
struct SwigluRows {
  const T* gate;  // [elements]
  const T* up;    // [elements]
  int64_t elements;
  T* y;  // [elements]
};

[[gnu::target_clones("avx512f", "avx2", "default")]] void run(const SwigluRows<float>& args) {
  swiglu_row(args.gate, args.up, args.elements, args.y);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void run(const SwigluRows<bf16>& args) {
  swiglu_row(args.gate, args.up, args.elements, args.y);
}

template <typename T>
void run_norm(const at::Tensor& stream, const at::Tensor& delta, const at::Tensor& gain, double eps,
              const at::Tensor& y) {
  run(NormRows<T>{data<float>(stream), data<T>(delta), data<float>(gain), static_cast<float>(eps),
                  stream.size(0), stream.size(1), data<T>(y)});
}

at::Tensor linear_by_float32(const at::Tensor& x, const at::Tensor& weight,
                             const at::Tensor& bias) {
  const at::Tensor wide = x.to(at::kFloat);
  const int64_t out = weight.size(0);
  at::Tensor y = at::empty({x.size(0), out}, x.scalar_type());
  for (int64_t first = 0; first < out; first += linear_slice) {
    const int64_t count = std::min(linear_slice, out - first);
    const at::Tensor part = weight.narrow(0, first, count).to(at::kFloat).t();
    at::Tensor product = at::mm(wide, part);  // [rows, count]
    if (bias.defined()) product += bias.narrow(0, first, count);
    y.narrow(1, first, count).copy_(product);
  }
  return y;
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps,
                    at::ScalarType compute) {
  at::Tensor y = at::empty(x.sizes(), compute);
  with_compute_type(compute, [&](auto tag) { run_norm<decltype(tag)>(x, {}, gain, eps, y); });
  return y;
}

void add_to(at::Tensor& stream, const at::Tensor& delta) {
  with_compute_type(delta.scalar_type(),
                    [&](auto tag) { run_norm<decltype(tag)>(stream, delta, {}, 0, {}); });
}

at::Tensor add_and_norm(at::Tensor& stream, const at::Tensor& delta, const at::Tensor& gain,
                        double eps) {
  at::Tensor y = at::empty(delta.sizes(), delta.scalar_type());
  with_compute_type(delta.scalar_type(),
                    [&](auto tag) { run_norm<decltype(tag)>(stream, delta, gain, eps, y); });
  return y;
}

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor y = at::empty(gate.sizes(), gate.scalar_type());
  with_compute_type(gate.scalar_type(), [&](auto tag) {
    using T = decltype(tag);
    run(SwigluRows<T>{data<T>(gate), data<T>(up), gate.numel(), data<T>(y)});
  });
  return y;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (x.scalar_type() == at::kBFloat16 && !multiplies_bfloat16()) {
    return linear_by_float32(x, weight, bias);
  }
  return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
}

}  // namespace model
