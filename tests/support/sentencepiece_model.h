#pragma once

#include <string>
#include <vector>

namespace tests {

/// The bytes of a tokenizer.model (BPE): <unk>, <s>, </s>, then the given pieces, the earlier ones
/// merged first, then 256 bytes to fall back to. Spaces are written as U+2581 in pieces. With
/// `bos` false there is no BOS piece.
std::string sentencepiece_model(const std::vector<std::string>& pieces, bool bos = true);

}  // namespace tests
