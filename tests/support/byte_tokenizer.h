#pragma once

#include "evals/tokenizer.h"

namespace tests {

/// One token per byte, so that tables can be checked by hand: 'A' is 65. 256 is BOS where asked
/// for. Exact, fast and the same everywhere.
class ByteTokenizer : public evals::Tokenizer {
 public:
  explicit ByteTokenizer(bool adds_bos = false) : adds_bos_(adds_bos) {}

  std::vector<evals::Token> encode(std::string_view utf8) const override {
    std::vector<evals::Token> tokens;
    for (const char c : utf8) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  std::string decode(const std::vector<evals::Token>& tokens) const override {
    std::string text;
    for (const evals::Token token : tokens) {
      if (token < 256) text += static_cast<char>(token);
    }
    return text;
  }
  int64_t vocabulary_size() const override { return 257; }
  std::optional<evals::Token> bos() const override {
    return adds_bos_ ? std::optional<evals::Token>(256) : std::nullopt;
  }
  std::optional<evals::Token> eos() const override { return {}; }
  std::string fingerprint() const override { return adds_bos_ ? "bytes+bos" : "bytes"; }

 private:
  const bool adds_bos_;
};

}  // namespace tests
