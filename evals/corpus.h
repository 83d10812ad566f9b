#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evals/document.h"
#include "evals/tokenizer.h"

namespace evals {

/// One text file, whole. Documents are never joined: no window crosses a boundary.
struct CorpusDocument {
  std::string name;           ///< the path as the experiment wrote it
  std::string text;           ///< UTF-8
  std::string sha256;         ///< of the text
  std::vector<Token> tokens;  ///< of the text as one piece, without BOS

  int64_t length() const { return static_cast<int64_t>(tokens.size()); }
};

/// Reads and tokenises one file. Throws base::Error(Fault::input) when it is missing, empty, only
/// white space, or not UTF-8 (with the byte offset); Fault::io when it cannot be read.
CorpusDocument read_document(const std::filesystem::path& path, const Tokenizer& tokenizer);

/// All of them, in the order given; one error lists every bad file. Throws also when `paths` is
/// empty or holds the same text twice.
std::vector<CorpusDocument> read_corpus(const std::vector<std::filesystem::path>& paths,
                                        const Tokenizer& tokenizer);

/// SHA-256 over the documents' hashes, in order.
std::string fingerprint(const std::vector<CorpusDocument>& documents);

/// Why a document cannot serve `needed` tokens ("emma.txt: has 100 tokens, 4,096 are needed"), for
/// a `skipped` row; nothing when it can.
std::optional<std::string> too_short(const CorpusDocument& document, int64_t needed);

/// Bytes of text that the tokens [range) stand for.
int64_t text_bytes(const CorpusDocument& document, Range range, const Tokenizer& tokenizer);

}  // namespace evals
