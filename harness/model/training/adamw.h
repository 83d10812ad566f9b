#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "harness/model/training/trainable_llama.h"

namespace training {

struct AdamWConfig {
  double learning_rate = 2e-3;  ///< at its peak
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double decay = 0.1;  ///< decoupled, on matrices only
  double clip = 1.0;   ///< largest global gradient norm
};

/// Euclidean norm over all gradients.
double gradient_norm(const std::vector<at::Tensor>& gradients);

/// One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2) on every parameter,
/// with gradients clipped to a global norm of `config.clip`. `norm` is gradient_norm(gradients);
/// `step` counts from 1.
void adamw_step(const AdamWConfig& config, double learning_rate, int64_t step,
                const std::vector<at::Tensor>& gradients, double norm,
                std::vector<Parameter>& parameters);

}  // namespace training
