#include "harness/model/training/row_kernels.h"

#include <cmath>

// One body, compiled for three instruction sets; the loader picks. The bodies are templates over
// the element type, inlined into the clones, because target_clones applies to plain functions only.

namespace training {
namespace {

using model::exponential;
using model::load;
using model::store;
using model::sum_of;

template <typename T>
[[gnu::always_inline]] inline void add_norm_forward_rows(const AddNormForward<T>& a, int64_t begin,
                                                         int64_t end) {
  const int64_t width = a.width;
  for (int64_t row = begin; row < end; ++row) {
    const float* __restrict x = a.x + row * width;
    float* __restrict sum = a.sum + row * width;
    if (a.delta != nullptr) {
      const T* __restrict delta = a.delta + row * width;
      for (int64_t i = 0; i < width; ++i) sum[i] = x[i] + load(delta[i]);
    } else {
      for (int64_t i = 0; i < width; ++i) sum[i] = x[i];
    }
    a.inverse_rms[row] = model::norm_row(sum, a.gain, a.eps, width, a.y + row * width);
  }
}

template <typename T>
[[gnu::always_inline]] inline void add_norm_backward_rows(const AddNormBackward<T>& a,
                                                          int64_t begin, int64_t end,
                                                          float* __restrict d_gain) {
  const int64_t width = a.width;
  for (int64_t row = begin; row < end; ++row) {
    const float* __restrict sum = a.sum + row * width;
    const T* __restrict d_y = a.d_y + row * width;
    const float* __restrict gain = a.gain;
    float* __restrict d_x = a.d_x + row * width;
    const float inverse = a.inverse_rms[row];
    const float dot = sum_of(width, [=](int64_t i) { return load(d_y[i]) * gain[i] * sum[i]; });
    const float pull = inverse * inverse * inverse * dot / static_cast<float>(width);
    for (int64_t i = 0; i < width; ++i) {
      const float d = load(d_y[i]);
      d_gain[i] += d * sum[i] * inverse;
      d_x[i] = d * gain[i] * inverse - sum[i] * pull;
    }
    if (a.d_sum != nullptr) {
      const float* __restrict d_sum = a.d_sum + row * width;
      for (int64_t i = 0; i < width; ++i) d_x[i] += d_sum[i];
    }
    if (a.d_delta != nullptr) {
      T* __restrict d_delta = a.d_delta + row * width;
      for (int64_t i = 0; i < width; ++i) store(d_delta[i], d_x[i]);
    }
  }
}

template <typename T>
[[gnu::always_inline]] inline void swiglu_forward_rows(const T* gate_up, T* y, int64_t width,
                                                       int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* gate = gate_up + row * 2 * width;
    model::swiglu_row(gate, gate + width, width, y + row * width);
  }
}

template <typename T>
[[gnu::always_inline]] inline void swiglu_backward_rows(const T* gate_up, const T* d_y,
                                                        T* d_gate_up, int64_t width, int64_t begin,
                                                        int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* __restrict gate = gate_up + row * 2 * width;
    const T* __restrict up = gate + width;
    const T* __restrict d = d_y + row * width;
    T* __restrict d_gate = d_gate_up + row * 2 * width;
    T* __restrict d_up = d_gate + width;
    for (int64_t i = 0; i < width; ++i) {
      const float g = load(gate[i]);
      const float sigmoid = 1.0F / (1.0F + exponential(-g));
      const float d_out = load(d[i]);
      store(d_up[i], d_out * g * sigmoid);
      store(d_gate[i], d_out * load(up[i]) * sigmoid * (1.0F + g * (1.0F - sigmoid)));
    }
  }
}

template <typename T>
[[gnu::always_inline]] inline float cross_entropy(const float* __restrict logits,
                                                  int64_t vocabulary, int64_t target, float weight,
                                                  T* __restrict gradient) {
  constexpr int64_t lane_count = 16;
  float lanes[lane_count];
  for (float& lane : lanes) lane = logits[0];
  int64_t i = 0;
  for (; i + lane_count <= vocabulary; i += lane_count) {
    for (int64_t lane = 0; lane < lane_count; ++lane) {
      lanes[lane] = logits[i + lane] > lanes[lane] ? logits[i + lane] : lanes[lane];
    }
  }
  float largest = lanes[0];
  for (const float lane : lanes) largest = lane > largest ? lane : largest;
  for (; i < vocabulary; ++i) largest = logits[i] > largest ? logits[i] : largest;
  const float sum = sum_of(vocabulary, [=](int64_t j) { return exponential(logits[j] - largest); });
  const float scale = weight / sum;
  for (int64_t j = 0; j < vocabulary; ++j)
    store(gradient[j], exponential(logits[j] - largest) * scale);
  store(gradient[target], (exponential(logits[target] - largest) / sum - 1.0F) * weight);
  return std::log(sum) + largest - logits[target];
}

template <typename T>
[[gnu::always_inline]] inline void rotate_rows(const RotateHead<T>& a) {
  const int64_t half = a.rotary_dim / 2;
  for (int64_t row = 0; row < a.length; ++row) {
    const T* __restrict from = a.from + row * a.from_stride;
    T* __restrict to = a.to + row * a.to_stride;
    const float gain = a.gain == nullptr ? 1.0F : a.gain[row];
    const float* __restrict cos = a.cos + row * half;
    const float* __restrict sin = a.sin + row * half;
    for (int64_t pair = 0; pair < half; ++pair) {
      const float c = cos[pair] * gain;
      const float s = sin[pair] * gain * a.sign;
      const float first = load(from[pair]);
      const float second = load(from[pair + half]);
      store(to[pair], first * c - second * s);
      store(to[pair + half], second * c + first * s);
    }
    for (int64_t channel = a.rotary_dim; channel < a.head_dim; ++channel) {
      store(to[channel], load(from[channel]) * gain);
    }
  }
}

}  // namespace

[[gnu::target_clones("avx512f", "avx2", "default")]] void add_norm_forward(
    const AddNormForward<float>& args, int64_t begin, int64_t end) {
  add_norm_forward_rows(args, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void add_norm_forward(
    const AddNormForward<bf16>& args, int64_t begin, int64_t end) {
  add_norm_forward_rows(args, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void add_norm_backward(
    const AddNormBackward<float>& args, int64_t begin, int64_t end, float* d_gain) {
  add_norm_backward_rows(args, begin, end, d_gain);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void add_norm_backward(
    const AddNormBackward<bf16>& args, int64_t begin, int64_t end, float* d_gain) {
  add_norm_backward_rows(args, begin, end, d_gain);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void swiglu_forward(const float* gate_up,
                                                                         float* y, int64_t width,
                                                                         int64_t begin,
                                                                         int64_t end) {
  swiglu_forward_rows(gate_up, y, width, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void swiglu_forward(const bf16* gate_up,
                                                                         bf16* y, int64_t width,
                                                                         int64_t begin,
                                                                         int64_t end) {
  swiglu_forward_rows(gate_up, y, width, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void swiglu_backward(
    const float* gate_up, const float* d_y, float* d_gate_up, int64_t width, int64_t begin,
    int64_t end) {
  swiglu_backward_rows(gate_up, d_y, d_gate_up, width, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void swiglu_backward(
    const bf16* gate_up, const bf16* d_y, bf16* d_gate_up, int64_t width, int64_t begin,
    int64_t end) {
  swiglu_backward_rows(gate_up, d_y, d_gate_up, width, begin, end);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void rotate_head(
    const RotateHead<float>& args) {
  rotate_rows(args);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] void rotate_head(
    const RotateHead<bf16>& args) {
  rotate_rows(args);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] float cross_entropy_row(
    const float* logits, int64_t vocabulary, int64_t target, float weight, float* gradient) {
  return cross_entropy(logits, vocabulary, target, weight, gradient);
}
[[gnu::target_clones("avx512f", "avx2", "default")]] float cross_entropy_row(
    const float* logits, int64_t vocabulary, int64_t target, float weight, bf16* gradient) {
  return cross_entropy(logits, vocabulary, target, weight, gradient);
}

[[gnu::target_clones("avx512f", "avx2", "default")]] void adamw(
    const AdamWStep& step, const float* __restrict gradient, float* __restrict weight,
    float* __restrict mean, float* __restrict square, int64_t begin, int64_t end) {
  const float keep = 1.0F - step.learning_rate * step.decay;
  const float rate = step.learning_rate / step.correction1;
  const float root = 1.0F / step.correction2;
  for (int64_t i = begin; i < end; ++i) {
    const float g = gradient[i] * step.gradient_scale;
    mean[i] = step.beta1 * mean[i] + (1.0F - step.beta1) * g;
    square[i] = step.beta2 * square[i] + (1.0F - step.beta2) * g * g;
    weight[i] = weight[i] * keep - rate * mean[i] / (std::sqrt(square[i] * root) + step.eps);
  }
}

}  // namespace training
