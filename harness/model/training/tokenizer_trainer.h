#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace training {

/// Trains a SentencePiece tokenizer in LLaMA's manner - BPE, byte fallback, digits one by one,
/// identity normalisation, white space kept, new line a piece of its own - on the lines of
/// `corpus`, and writes tokenizer.model and tokenizer_config.json (BOS on, EOS off) into
/// `directory`. Deterministic. Throws base::Error: a text that is missing, empty or not UTF-8;
/// SentencePiece's own words when the corpus cannot fill `vocabulary` pieces.
void train_tokenizer(const std::vector<std::filesystem::path>& corpus, int64_t vocabulary,
                     int64_t trained_length, const std::filesystem::path& directory);

}  // namespace training
