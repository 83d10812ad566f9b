#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/base/error.h"
#include "harness/checkpoint/tokenizer/tokenizer_json.h"

/// Any bytes are a tokenizer.json or one clear error. One that was accepted encodes any text, those
/// bytes themselves among them, into ids that it can decode.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const checkpoint::BpeTokenizer tokenizer(checkpoint::parse_tokenizer_json(text, "fuzz").parts);
    for (const std::string_view sample : {std::string_view("ab  ab1\n\u00e9\u4e00<s>"), text}) {
      for (const evals::Token token : tokenizer.encode(sample)) {
        if (token < 0 || token >= tokenizer.vocabulary_size()) std::abort();
        tokenizer.decode({token});
      }
    }
  } catch (const base::Error&) {
  }
  return 0;
}
