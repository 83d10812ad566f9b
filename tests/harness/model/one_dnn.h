#pragma once

#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace model_test {

/// Tests that run as this CPU can, and then without oneDNN, as on a CPU that has no AVX-512: with
/// the portable kernel, and products of bfloat16 by way of float32.
class OneDnn : public testing::TestWithParam<bool> {
 protected:
  OneDnn() { at::globalContext().setUserEnabledMkldnn(GetParam()); }
  ~OneDnn() override { at::globalContext().setUserEnabledMkldnn(true); }

  bool is_on() const { return GetParam(); }
};

inline std::string one_dnn_name(const testing::TestParamInfo<bool>& is_on) {
  return is_on.param ? "with_oneDNN" : "without_oneDNN";
}

}  // namespace model_test
