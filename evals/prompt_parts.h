#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evals/retrieval.h"
#include "harness/base/random.h"

namespace evals {

/// What a trial puts into the holes of a protocol's texts.
struct Drawn {
  std::string key;   ///< digits of fixed width
  std::string word;  ///< a name, or in kv/json the key whose value is asked for
};

/// Draw numbers 0 to 3 of `random`; draw 1 is left to the depth.
Drawn draw(const RetrievalProtocol& protocol, const base::CounterRandom& random);

/// Every word that draw() can give, or for kv/json one of the same width.
std::vector<std::string> possible_words(const RetrievalProtocol& protocol);

/// The pieces of one prompt except head and hay, tokenised.
struct PromptParts {
  std::vector<Token> needle;
  std::vector<Token> first_line;  ///< the needle where it follows the head of a `lines` protocol
  std::vector<Token> question;
  std::vector<Token> answer;
  int64_t first_digit = 0;  ///< answer tokens before it carry no digit
  int64_t reserve = 0;      ///< of the generation budget, what the answer leaves; at least 1

  /// Tokens of a nominal length behind the hay.
  int64_t behind_hay() const {
    return static_cast<int64_t>(question.size() + answer.size()) + reserve;
  }
};

/// Throws base::Error(Fault::input) when the tokenizer does not give the digits back.
PromptParts make_parts(const RetrievalProtocol& protocol, const Tokenizer& tokenizer,
                       const Drawn& drawn);

}  // namespace evals
