#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evals/retrieval.h"
#include "harness/base/sha256.h"
#include "tests/support/byte_tokenizer.h"

/// Protocols made ready for bytes as tokens.
namespace evals {

using tests::ByteTokenizer;

inline const RetrievalProtocol& protocol_named(const std::string& name) {
  return *find_retrieval_protocol(name);
}

inline std::string text_of(const std::vector<Token>& tokens) {
  return ByteTokenizer().decode(tokens);
}

inline CorpusDocument document_of(const std::string& name, const std::string& text) {
  return {name, text, base::sha256_hex(text), ByteTokenizer().encode(text)};
}

/// 20,000 sentences, " Line 0 is here. Line 1 ...".
inline std::string counting_text() {
  std::string text;
  for (int number = 0; number < 20000; ++number) {
    text += " Line " + std::to_string(number) + " is here.";
  }
  return text;
}

inline Retrieval ready(const std::string& name, bool bos = false) {
  const auto tokenizer = std::make_shared<ByteTokenizer>(bos);
  const RetrievalProtocol& protocol = protocol_named(name);
  return Retrieval(protocol, tokenizer,
                   protocol.hay == Hay::text
                       ? text_haystack(*tokenizer, {document_of("book", counting_text())})
                       : nullptr);
}

inline std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const RetrievalProtocol& protocol : retrieval_protocols()) all.emplace_back(protocol.name);
  return all;
}

inline Trial trial_at(int64_t length, double depth, int64_t number = 0) {
  return {1, length, {depth, 0}, number, false};
}

}  // namespace evals
