#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/checkpoint/audit/compare.h"

namespace audit {

/// What a renaming did.
struct Renaming {
  int64_t tensors = 0;               ///< written and compared byte by byte with their source
  std::vector<std::string> written;  ///< file names
  std::vector<std::string>
      left_out;  ///< files and tensors that were not taken along, with the reason
};

/// Writes the checkpoint into the new folder `target` with LLaMA's standard names, so that tools
/// load it without remote code: every shard keeps its tensors, headers and index are rewritten,
/// data is streamed; custom code, pickles and stored rotary tables are left out. The config.json of
/// a LLaMA, a Yi or a model without model_type (which is read as a LLaMA) becomes a plain "llama"
/// one, with the defaults of its former family spelled out; Mistral and Qwen2, which compute by
/// rules that LLaMA's class does not have, keep their model_type and so their defaults. Every
/// tensor is read back and compared. The folder appears under its name only then; until then it is
/// `target`.partial.
///
/// Throws base::Error(Fault::input) when the structure is not LLaMA's, when a role could only be
/// guessed (by order) or not be decided, when there are no weights, or when `target` exists;
/// Fault::io when writing fails or a tensor reads back differently, and then leaves nothing behind.
Renaming rename_to_llama(const Examined& examined, const std::filesystem::path& target);

}  // namespace audit
