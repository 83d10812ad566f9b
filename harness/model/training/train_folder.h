#pragma once

#include <filesystem>

namespace training {

/// The checkpoint of the run in `folder`; it is there while the run is not over.
std::filesystem::path state_path(const std::filesystem::path& folder);

/// Whether a run may write into `folder`: it holds the checkpoint of a run (whose, load_state
/// finds), what a run has left that ended before its first one, or nothing that a run would
/// overwrite. Throws base::Error(Fault::input) naming what is there instead: a finished model, or
/// files that no run has left.
void require_own(const std::filesystem::path& folder);

/// Throws base::Error(Fault::input) where `from` is no folder with a SentencePiece tokenizer, the
/// only one that training knows.
void require_sentencepiece(const std::filesystem::path& from);

/// Tokenizer files of the model in `from`, byte by byte, into `folder`. Throws
/// base::Error(Fault::io).
void copy_tokenizer(const std::filesystem::path& from, const std::filesystem::path& folder);

}  // namespace training
