#pragma once

#include <cstdint>
#include <functional>

#include "evals/language_model.h"

namespace evals {

/// What an oracle is told to be.
struct OracleTruth {
  /// Probability that a question is answered when its answer stands earlier in the path; `length`
  /// is the path's tokens, `depth` the first token of the earliest copy of the answer over the
  /// number of tokens before the scored ones. An answer that stands nowhere is never found.
  std::function<double(int64_t length, double depth)> recall = [](int64_t, double) { return 1.0; };
  /// NLL in nats of a token with `position` tokens before it.
  std::function<double(int64_t position)> nll = [](int64_t) { return 0.0; };
  /// Half-width of a uniform deviation added to nll, drawn from the tokens of the path up to it.
  double noise = 0;
  uint64_t seed = 0;
};

/// Test double for a language model: knows what it is programmed to know, and nothing else. Every
/// score is a pure function of truth and token ids: the same path gives the same answer whether it
/// is a trunk or a branch, and whoever asks first.
class OracleModel : public LanguageModel {
 public:
  explicit OracleModel(OracleTruth truth) : truth_(std::move(truth)) {}
  Scores score(const Document& document, const Progress& progress) override;

 private:
  OracleTruth truth_;
};

}  // namespace evals
