#include "harness/model/training/train_folder.h"

#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/sentencepiece_tokenizer.h"

namespace training {

std::filesystem::path state_path(const std::filesystem::path& folder) {
  return folder / "checkpoint.safetensors";
}

void require_own(const std::filesystem::path& folder) {
  const auto holds = [&](const char* name) { return std::filesystem::exists(folder / name); };
  const char* const next_step = "give another --out";
  if (std::filesystem::exists(state_path(folder))) return;
  for (const char* name : {"model.safetensors", "model.safetensors.index.json", "config.json"}) {
    if (holds(name)) {
      base::reject(folder.string(), "", fmt::format("holds a finished model ({})", name),
                   next_step);
    }
  }
  if (holds("train_config.json")) return;
  for (const char* name : {"tokenizer.model", "tokenizer_config.json", "log.jsonl", "README.md"}) {
    if (holds(name)) {
      base::reject(folder.string(), "", fmt::format("holds a {} that is of no training run", name),
                   next_step);
    }
  }
}

void require_sentencepiece(const std::filesystem::path& from) {
  const char* const name = "tokenizer.model";
  if (!checkpoint::is_gguf(from)) {
    const checkpoint::Directory directory(from);
    if (directory.has(name) && checkpoint::is_sentencepiece_model(directory.map(name)->text())) {
      return;
    }
  }
  base::reject(from.string(), "", "has no SentencePiece tokenizer to continue with",
               fmt::format("continue from a folder that has one as {}", name));
}

void copy_tokenizer(const std::filesystem::path& from, const std::filesystem::path& folder) {
  const checkpoint::Directory directory(from);
  for (const char* name : {"tokenizer.model", "tokenizer_config.json"}) {
    if (directory.has(name)) {
      base::write_file_atomically(folder / name, directory.map(name)->text());
    } else {
      std::filesystem::remove(folder / name);  // left by a start from another model
    }
  }
}

}  // namespace training
