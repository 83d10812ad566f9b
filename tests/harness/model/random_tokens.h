#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "evals/document.h"

namespace model_test {

/// Tokens below small_spec()'s vocabulary.
inline std::vector<evals::Token> random_tokens(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<evals::Token> tokens(count);
  for (evals::Token& token : tokens) {
    token = static_cast<evals::Token>(generator() % 97);
  }
  return tokens;
}

/// All tokens but the first of a sequence, scored.
inline evals::Document whole(const std::vector<evals::Token>& tokens) {
  return {tokens, {1, static_cast<int64_t>(tokens.size())}, {}};
}

}  // namespace model_test
