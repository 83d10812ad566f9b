#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evals/corpus.h"
#include "evals/tokenizer.h"
#include "harness/model/training/train_config.h"

namespace training {

/// One training sequence: token t is the input, token t + 1 its target.
struct Sequence {
  std::vector<evals::Token> tokens;  ///< [length + 1]
  std::vector<float> weights;        ///< [length]: of every target in the loss

  /// Weight of token `index` as a target; token 0 is none.
  float& weight(int64_t index) { return weights.at(static_cast<size_t>(index - 1)); }
};

/// What all sources draw from.
struct SourceMaterial {
  std::shared_ptr<const evals::Tokenizer> tokenizer;
  std::vector<evals::CorpusDocument> documents;
  int64_t seed = 0;
};

/// Builds training sequences. Thread-safe; sequence `number` is a pure function of the material's
/// seed, the source, the length and the number.
class Source {
 public:
  virtual ~Source() = default;
  virtual Sequence sequence(int64_t length, int64_t number) const = 0;
};

/// text: a window of one document, chosen evenly among all windows of the corpus.
///
/// copy: [block of random ids, text, the same block] over and over. Nothing of the first block can
/// be predicted, so it weighs nothing; the copy weighs copy_weight from its third token on, when
/// two tokens have said which block it is.
///
/// retrieval: a prompt of `evals` with its answer, of seeds below zero, which no evaluation has.
/// The key's first naming weighs nothing, later ones copy_weight, answer and terminator
/// answer_weight.
///
/// Every sequence begins with BOS where the tokenizer asks for one; targets not named weigh
/// filler_weight. Throws base::Error naming the source: no document holds `longest` tokens, unknown
/// protocol, or `shortest` below what the protocol's fixed parts need.
std::unique_ptr<const Source> make_source(const std::string& name, const SourceConfig& config,
                                          const SourceMaterial& material, int64_t shortest,
                                          int64_t longest);

}  // namespace training
