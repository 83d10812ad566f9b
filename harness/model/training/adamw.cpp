#include "harness/model/training/adamw.h"

#include <algorithm>
#include <cmath>

#include "harness/model/training/row_kernels.h"

namespace training {

double gradient_norm(const std::vector<at::Tensor>& gradients) {
  double square = 0;
  for (const at::Tensor& gradient : gradients) {
    const double norm = gradient.norm().item<double>();
    square += norm * norm;
  }
  return std::sqrt(square);
}

void adamw_step(const AdamWConfig& config, double learning_rate, int64_t step,
                const std::vector<at::Tensor>& gradients, double norm,
                std::vector<Parameter>& parameters) {
  const auto count = static_cast<double>(step);
  AdamWStep update{};
  update.learning_rate = static_cast<float>(learning_rate);
  update.beta1 = static_cast<float>(config.beta1);
  update.beta2 = static_cast<float>(config.beta2);
  update.eps = static_cast<float>(config.eps);
  update.correction1 = static_cast<float>(1.0 - std::pow(config.beta1, count));
  update.correction2 = static_cast<float>(1.0 - std::pow(config.beta2, count));
  update.gradient_scale = static_cast<float>(norm > config.clip ? config.clip / norm : 1.0);
  for (size_t i = 0; i < parameters.size(); ++i) {
    Parameter& parameter = parameters[i];
    update.decay = parameter.decays ? static_cast<float>(config.decay) : 0.0F;
    adamw(update, gradients[i].const_data_ptr<float>(), parameter.master.data_ptr<float>(),
          parameter.mean.data_ptr<float>(), parameter.square.data_ptr<float>(), 0,
          parameter.master.numel());
  }
}

}  // namespace training
