#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/document.h"

namespace evals {

/// Text to token ids and back. Encoding adds no special token: protocols place BOS themselves.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual std::vector<Token> encode(std::string_view utf8) const = 0;
  virtual std::string decode(const std::vector<Token>& tokens) const = 0;
  virtual int64_t vocabulary_size() const = 0;

  /// Set when the model's BOS policy asks for one at the start of every sequence.
  virtual std::optional<Token> bos() const = 0;
  virtual std::optional<Token> eos() const = 0;

  /// SHA-256 of what determines encode(): stands in a run's identity.
  virtual std::string fingerprint() const = 0;
};

}  // namespace evals
