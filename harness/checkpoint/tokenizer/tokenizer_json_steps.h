#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evals/tokenizer.h"
#include "harness/base/json.h"
#include "harness/checkpoint/tokenizer/normalizer.h"
#include "harness/checkpoint/tokenizer/pre_tokenizer.h"
#include "harness/checkpoint/tokenizer/token_decoder.h"

namespace checkpoint {

// The parts of a tokenizer.json that are sequences of typed steps. Each reads the value at `/key`
// of the file, where null is no step, and reports what is wrong or not supported to `problems`.

std::vector<NormalizerStep> read_normalizer(const base::Json& value, base::Problems& problems);

struct PreTokenizerSteps {
  std::vector<PreTokenizerStep> steps;
  bool is_byte_level = false;  ///< words are made of bytes, not of characters
};
PreTokenizerSteps read_pre_tokenizer(const base::Json& value, base::Problems& problems);

std::vector<DecoderStep> read_decoder(const base::Json& value, base::Problems& problems);

/// The token that the template puts before a text, if any.
std::optional<evals::Token> read_template_bos(const base::Json& post_processor,
                                              base::Problems& problems);

}  // namespace checkpoint
