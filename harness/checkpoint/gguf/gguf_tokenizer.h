#pragma once

#include <optional>
#include <string>

#include "harness/checkpoint/gguf/gguf_file.h"
#include "harness/checkpoint/tokenizer/bpe_tokenizer.h"

namespace checkpoint {

/// The tokenizer in a GGUF file's metadata.
struct GgufTokenizer {
  TokenizerParts parts;             ///< bos unset; eos as stated
  std::optional<evals::Token> bos;  ///< tokenizer.ggml.bos_token_id
  bool adds_bos = false;            ///< add_bos_token, else llama.cpp's default for the model
  bool adds_bos_is_stated = false;  ///< add_bos_token is there
};

/// Reads the models gpt2 (byte-level BPE, with the pre-tokenizers gpt-2, llama-bpe, smollm and
/// their aliases, and qwen2; which of them must be stated) and llama (SentencePiece BPE, merged by
/// score, with byte fallback).
/// Control tokens are special, user-defined ones are found in text. `file` only names the source.
/// Throws base::Error(Fault::input) naming every key that is missing, wrong or not supported.
GgufTokenizer read_gguf_tokenizer(const GgufHeader& header, const std::string& file);

}  // namespace checkpoint
