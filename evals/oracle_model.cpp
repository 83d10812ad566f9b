#include "evals/oracle_model.h"

#include <algorithm>

#include "harness/base/error.h"

namespace evals {
namespace {

/// Mixes one token into a hash of all before it (the finaliser of SplitMix64).
uint64_t mix(uint64_t hash, uint64_t token) {
  hash += token + 0x9E3779B97F4A7C15u;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
  return hash ^ (hash >> 31);
}

double unit(uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1p-53; }

/// One path: tokens, the first of them that is scored, hash of each prefix.
class Path {
 public:
  Path(std::vector<Token> tokens, int64_t scored_from, int64_t scored_end, uint64_t seed)
      : tokens_(std::move(tokens)), from_(scored_from), end_(scored_end), hash_(seed) {}

  std::vector<TokenScore> score(const OracleTruth& truth) {
    for (int64_t at = 0; at < from_; ++at) hash_ = mix(hash_, id(at));
    const bool found = knows(truth);
    std::vector<TokenScore> scores;
    for (int64_t at = from_; at < end_; ++at) {
      hash_ = mix(hash_, id(at));
      double nll = truth.nll(at);
      if (truth.noise > 0) nll += truth.noise * (2 * unit(mix(hash_, 1)) - 1);
      const Token token = tokens_[static_cast<size_t>(at)];
      const Token other = token == 0 ? 1 : 0;
      scores.push_back({static_cast<float>(-nll), found ? token : other, found ? 0 : 1});
    }
    return scores;
  }

 private:
  uint64_t id(int64_t at) const { return static_cast<uint32_t>(tokens_[static_cast<size_t>(at)]); }

  /// Whether the scored tokens but the last, the terminator, stand earlier, and the programmed
  /// chance falls that way. Called with the hash of everything before the scored tokens.
  bool knows(const OracleTruth& truth) const {
    if (end_ - from_ < 2) return false;
    const auto begin = tokens_.begin();
    const auto copy = std::search(begin, begin + from_, begin + from_, begin + end_ - 1);
    if (copy == begin + from_) return false;
    const double depth = static_cast<double>(copy - begin) / static_cast<double>(from_);
    return unit(mix(hash_, 0)) < truth.recall(static_cast<int64_t>(tokens_.size()), depth);
  }

  std::vector<Token> tokens_;
  int64_t from_;
  int64_t end_;
  uint64_t hash_;
};

}  // namespace

Scores OracleModel::score(const Document& document, const Progress& progress) {
  validate(document);
  Scores scores;
  const auto total = static_cast<int64_t>(document.branches.size()) + 1;
  const auto step = [&](int64_t done) {
    if (progress.cancelled && progress.cancelled()) {
      throw base::Error(base::Fault::cancelled, "", {"", "stopped on request", ""});
    }
    if (progress.report) progress.report(done, total, 0);
  };
  step(0);
  if (document.scored.size() > 0) {
    // What stands behind the scored tokens can tell nothing about them.
    std::vector<Token> tokens(document.trunk.begin(), document.trunk.begin() + document.scored.end);
    scores.trunk = Path(std::move(tokens), document.scored.begin, document.scored.end, truth_.seed)
                       .score(truth_);
  }
  for (const Branch& branch : document.branches) {
    step(static_cast<int64_t>(scores.branches.size()) + 1);
    std::vector<Token> tokens(document.trunk.begin(), document.trunk.begin() + branch.fork);
    tokens.insert(tokens.end(), branch.tokens.begin(), branch.tokens.end());
    const auto end = static_cast<int64_t>(tokens.size());
    scores.branches.push_back(
        Path(std::move(tokens), branch.fork + branch.scored_from, end, truth_.seed).score(truth_));
  }
  step(total);
  return scores;
}

}  // namespace evals
