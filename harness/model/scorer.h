#pragma once

#include <memory>
#include <string>

#include "evals/language_model.h"
#include "harness/checkpoint/weights.h"
#include "scalings/scaling.h"

namespace model {

/// What the weights are multiplied in. The residual stream and every reduction (norms, softmax,
/// head, log-softmax) are float32 in both.
enum class Compute { float32, bfloat16 };

/// A LLaMA under one chain of scalings. Layer-major: one layer runs over all rows of a document
/// (the trunk, then the branches against the trunk's keys and values) before the next layer, so
/// that the keys and values of one layer exist at a time and weights stream through once.
///
/// The plan of a path is made for its own number of tokens, once, for the whole path ("prefill-n").
/// Branches share the trunk exactly when their plans agree on it; others are scored path by path.
/// float32 scores are bit-equal for any number of threads (at::set_num_threads).
class Scorer : public evals::LanguageModel {
 public:
  /// `trained_length`: what the model was trained with, in tokens; explicit, never guessed here.
  Scorer(std::shared_ptr<const checkpoint::Weights> weights,
         std::shared_ptr<const scalings::Chain> chain, int64_t trained_length, Compute compute);

  /// Progress counts rows times layers. Snapshots are taken between two layers; a score that goes
  /// on from one has the bits of one that was made in one go. Throws base::Error: invalid
  /// documents, tokens outside the vocabulary, plans that a method refuses, cancellation.
  evals::Scores score(const evals::Document& document, const evals::Progress& progress) override;

  /// Name of the attention kernel that runs.
  std::string kernel() const;

 private:
  std::shared_ptr<const checkpoint::Weights> weights_;
  std::shared_ptr<const scalings::Chain> chain_;
  scalings::RopeShape shape_;
  Compute compute_;
};

}  // namespace model
