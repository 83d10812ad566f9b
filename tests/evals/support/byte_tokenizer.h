#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/tokenizer.h"

namespace evals {

/// One token per byte, so that tables can be checked by hand: 'A' is 65. BOS, where wanted, is 256.
class ByteTokenizer : public Tokenizer {
 public:
  explicit ByteTokenizer(bool with_bos = false) : with_bos_(with_bos) {}

  std::vector<Token> encode(std::string_view utf8) const override {
    std::vector<Token> tokens;
    for (const char byte : utf8) tokens.push_back(static_cast<unsigned char>(byte));
    return tokens;
  }
  std::string decode(const std::vector<Token>& tokens) const override {
    std::string text;
    for (const Token token : tokens) {
      if (token < 256) text += static_cast<char>(token);
    }
    return text;
  }
  int64_t vocabulary_size() const override { return 257; }
  std::optional<Token> bos() const override {
    return with_bos_ ? std::optional<Token>(256) : std::nullopt;
  }
  std::optional<Token> eos() const override { return {}; }
  std::string fingerprint() const override { return "bytes"; }

 private:
  bool with_bos_;
};

}  // namespace evals
