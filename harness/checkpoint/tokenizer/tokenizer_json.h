#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/checkpoint/tokenizer/bpe_tokenizer.h"

namespace checkpoint {

/// A tokenizer.json of Hugging Face's tokenizers library, as far as LLaMA-family models use it.
struct TokenizerJson {
  TokenizerParts parts;  ///< bos and eos unset: this file does not say which tokens they are
  /// The one token that the template of the post-processor puts before a text.
  std::optional<evals::Token> template_bos;
};

/// Reads BPE models with the normalizers Prepend, Replace and NFC, the pre-tokenizers ByteLevel,
/// Split, Digits and Metaspace, the post-processors ByteLevel and TemplateProcessing, the decoders
/// ByteLevel, ByteFallback, Replace, Metaspace, Strip and Fuse, and sequences of them. What the
/// file says on truncation, padding and tokens after the text is not followed: protocols place
/// every token themselves. Throws base::Error(Fault::input) that names, by JSON path, whatever is
/// wrong or not supported.
TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& file);

}  // namespace checkpoint
