#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evals/tokenizer.h"
#include "harness/checkpoint/bos_policy.h"

namespace checkpoint {

/// A checkpoint's tokenizer, and what the BOS policy came to.
struct OpenedTokenizer {
  std::shared_ptr<const evals::Tokenizer> tokenizer;
  std::string bos_reason;             ///< to record: why sequences begin with BOS, or why not
  std::vector<std::string> warnings;  ///< to show: a file that was not read
};

/// Opens tokenizer.model (SentencePiece: LLaMA 1 and 2, Yi, Mistral) or, where there is none or one
/// of another kind, tokenizer.json (Llama 3, SmolLM, Qwen2); of a GGUF file its metadata. The
/// policy `automatic` follows Transformers: for the Llama, Code Llama and Gemma classes of
/// tokenizer_config.json its add_bos_token, by default true; for all others the template of
/// tokenizer.json, and its token; for a GGUF file add_bos_token, by default true for the models
/// llama and Llama 3's gpt2. `vocabulary` is the model's number of embeddings. Throws
/// base::Error(Fault::input): neither file, whatever their readers refuse, more tokens than the
/// model has embeddings, or no BOS token where one is asked for.
OpenedTokenizer open_tokenizer(const std::filesystem::path& path, BosPolicy policy,
                               std::optional<int64_t> vocabulary = {});

}  // namespace checkpoint
