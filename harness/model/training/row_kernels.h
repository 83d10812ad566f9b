#pragma once
// The element-wise work between two matrix products of the training step, each fused into one pass
// over memory: rows of float32 or bfloat16, computed in float32. Written as plain loops that the
// compiler vectorises for the CPU it finds at run time. Every function works on the rows [begin,
// end) and touches nothing else, so callers split rows over threads and results do not depend on
// the split.

#include <cstdint>

#include "harness/model/kernels/row_math.h"

namespace training {

using model::bf16;

// ---- RMSNorm over a residual stream (Zhang and Sennrich 2019), fused with the residual addition
// before it. sum = x + delta (delta may be null), y = sum * rms(sum) * gain, with rms(v) = 1 /
// sqrt(mean(v^2) + eps). x, sum [rows, width] float32; delta, y [rows, width]; gain [width];
// inverse_rms [rows] is kept for the way back.
template <typename T>
struct AddNormForward {
  const float* x;
  const T* delta;
  const float* gain;
  float eps;
  int64_t width;
  float* sum;
  T* y;
  float* inverse_rms;
};
void add_norm_forward(const AddNormForward<float>& args, int64_t begin, int64_t end);
void add_norm_forward(const AddNormForward<bf16>& args, int64_t begin, int64_t end);

// d_x = d_sum + (gradient through the norm), written to d_x (float32) and, when asked for, rounded
// to d_delta. d_gain [width] is added to, not overwritten.
template <typename T>
struct AddNormBackward {
  const float* sum;
  const float* inverse_rms;
  const float* gain;
  const float* d_sum;  // may be null: nothing else reads the sum
  const T* d_y;
  int64_t width;
  float* d_x;
  T* d_delta;  // may be null
};
void add_norm_backward(const AddNormBackward<float>& args, int64_t begin, int64_t end,
                       float* d_gain);
void add_norm_backward(const AddNormBackward<bf16>& args, int64_t begin, int64_t end,
                       float* d_gain);

// ---- SwiGLU (Shazeer 2020): y = silu(gate) * up.  gate_up [rows, 2 * width] holds gate then up; y
// [rows, width].
void swiglu_forward(const float* gate_up, float* y, int64_t width, int64_t begin, int64_t end);
void swiglu_forward(const bf16* gate_up, bf16* y, int64_t width, int64_t begin, int64_t end);
void swiglu_backward(const float* gate_up, const float* d_y, float* d_gate_up, int64_t width,
                     int64_t begin, int64_t end);
void swiglu_backward(const bf16* gate_up, const bf16* d_y, bf16* d_gate_up, int64_t width,
                     int64_t begin, int64_t end);

// ---- Rotation of one head of one sequence, HF half-split layout: pair p is channels (p, p +
// rotary_dim / 2), turned by the angle of its row in cos / sin [length, rotary_dim / 2]; the other
// channels are copied. Rows are then multiplied by gain [length] when it is not null. `sign` -1
// turns back: the transpose, which is what a gradient needs. Strides in elements.
template <typename T>
struct RotateHead {
  const T* from;
  int64_t from_stride;
  T* to;
  int64_t to_stride;
  const float* cos;
  const float* sin;
  const float* gain;
  float sign;
  int64_t length;
  int64_t rotary_dim;
  int64_t head_dim;
};
void rotate_head(const RotateHead<float>& args);
void rotate_head(const RotateHead<bf16>& args);

// ---- Cross-entropy of one row of logits [vocabulary] against `target`: returns -log
// softmax(logits)[target] and writes gradient = weight * (softmax(logits) - onehot(target)).
float cross_entropy_row(const float* logits, int64_t vocabulary, int64_t target, float weight,
                        float* gradient);
float cross_entropy_row(const float* logits, int64_t vocabulary, int64_t target, float weight,
                        bf16* gradient);

// ---- AdamW (Loshchilov and Hutter 2019, algorithm 2) on the elements [begin, end).
struct AdamWStep {
  float learning_rate, beta1, beta2, eps, decay;
  float correction1, correction2;  // 1 - beta^t
  float gradient_scale;            // multiplies every gradient first: clipping
};
void adamw(const AdamWStep& step, const float* gradient, float* weight, float* mean, float* square,
           int64_t begin, int64_t end);

}  // namespace training
