#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "evals/perplexity.h"

namespace evals {

/// A protocol at sizes that a hand can check, with BOS 256.
inline PerplexitySettings settings_of(const std::string& name, bool bos = true) {
  PerplexitySettings settings;
  settings.protocol = find_perplexity_protocol(name);
  settings.trained_length = 32;
  settings.targets = 4;
  settings.stride = stride_in(name).value_or(0);
  if (bos) settings.bos = 256;
  return settings;
}

/// A document whose tokens are 1000, 1001, ...
inline std::vector<Token> count_up(int64_t tokens) {
  std::vector<Token> ids(static_cast<size_t>(tokens));
  std::iota(ids.begin(), ids.end(), 1000);
  return ids;
}

}  // namespace evals
