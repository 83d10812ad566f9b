#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/tokenizer.h"
#include "harness/checkpoint/bos_policy.h"

namespace checkpoint {

/// Whether these are the bytes of a SentencePiece model. What Meta's Llama 3 has under the same
/// name is tiktoken's.
bool is_sentencepiece_model(std::string_view bytes);

/// tokenizer.model of a checkpoint (SentencePiece: LLaMA 1 and 2, Yi, Mistral).
class SentencePieceTokenizer : public evals::Tokenizer {
 public:
  /// `vocabulary` is the model's number of embeddings. Throws base::Error(Fault::input): no
  /// tokenizer.model, not a SentencePiece model, more pieces than the model has embeddings, or no
  /// BOS piece where the policy is `always`.
  SentencePieceTokenizer(const std::filesystem::path& directory, BosPolicy policy,
                         std::optional<int64_t> vocabulary = {});
  ~SentencePieceTokenizer() override;

  /// Throws base::Error(Fault::input) where SentencePiece itself refuses.
  std::vector<evals::Token> encode(std::string_view utf8) const override;
  /// Throws base::Error(Fault::input) for an id that is no piece.
  std::string decode(const std::vector<evals::Token>& tokens) const override;
  int64_t vocabulary_size() const override;
  std::optional<evals::Token> bos() const override;
  std::optional<evals::Token> eos() const override;
  std::string fingerprint() const override;

  /// To record: why sequences begin with BOS, or why not.
  const std::string& bos_reason() const { return bos_reason_; }

 private:
  struct Model;
  std::unique_ptr<Model> model_;
  std::string file_;  ///< to name in messages
  std::optional<evals::Token> bos_;
  std::string bos_reason_;
  std::string fingerprint_;
};

}  // namespace checkpoint
