#pragma once

#include <cstdint>
#include <vector>

namespace evals {

using Token = int32_t;

/// Half-open range of token indices.
struct Range {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/// A branch that forks at a multiple of this meets its keys in the same blocks as its whole path
/// does when it stands alone. With the AVX-512 kernel their scores are then equal bit for bit.
inline constexpr int64_t exact_fork = 512;

/// A continuation of trunk[0, fork). tokens[scored_from, end) are scored, each given all before it.
struct Branch {
  int64_t fork = 0;
  std::vector<Token> tokens;
  int64_t scored_from = 0;  ///< index into `tokens`

  int64_t length() const { return fork + static_cast<int64_t>(tokens.size()); }
};

/// What is asked of a model in one piece: a trunk, and branches that share its beginning.
struct Document {
  std::vector<Token> trunk;
  Range scored;  ///< of the trunk; token 0 has nothing before it and cannot be scored
  std::vector<Branch> branches;
};

/// Throws base::Error(Fault::input) unless ranges lie inside their tokens, forks inside the trunk,
/// and no scored token is the first of its path.
void validate(const Document& document);

/// Score of one token given all tokens before it.
struct TokenScore {
  float log_prob = 0;  ///< natural logarithm
  Token argmax = 0;    ///< most probable token in its place; ties: the lowest id
  int32_t rank = 0;    ///< tokens strictly more probable than the true one
  bool operator==(const TokenScore&) const = default;
};

/// In the order of the document's scored tokens.
struct Scores {
  std::vector<TokenScore> trunk;                  ///< [scored.size()]
  std::vector<std::vector<TokenScore>> branches;  ///< [branches][tokens.size() - scored_from]
};

}  // namespace evals
