#pragma once

#include <sentencepiece_processor.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/tokenizer.h"

namespace evals {

/// A SentencePiece model for the tests of evals, which must not know the product's tokenizer.
class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::filesystem::path& model, bool with_bos);

  std::vector<Token> encode(std::string_view utf8) const override;
  std::string decode(const std::vector<Token>& tokens) const override;
  int64_t vocabulary_size() const override { return model_.GetPieceSize(); }
  std::optional<Token> bos() const override;
  std::optional<Token> eos() const override { return model_.eos_id(); }
  std::string fingerprint() const override { return fingerprint_; }

 private:
  sentencepiece::SentencePieceProcessor model_;
  bool with_bos_;
  std::string fingerprint_;
};

/// Trains a model on `text` and returns its path, <prefix>.model; `options` are SentencePiece's.
std::filesystem::path train_sentencepiece(const std::filesystem::path& prefix,
                                          const std::string& text,
                                          const std::map<std::string, std::string>& options);

/// The natural text of scripts/make_prompt_goldens.py.
std::string natural_text(int64_t sentences = 16000);

}  // namespace evals
