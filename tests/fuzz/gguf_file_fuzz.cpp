#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"
#include "harness/checkpoint/gguf/gguf_blocks.h"
#include "harness/checkpoint/gguf/gguf_config.h"
#include "harness/checkpoint/gguf/gguf_file.h"
#include "harness/checkpoint/gguf/gguf_tokenizer.h"

namespace {

template <typename Step>
void attempt(Step&& step) {
  try {
    step();
  } catch (const base::Error&) {
  }
}

void check_tensors(const checkpoint::GgufHeader& header, std::string_view file) {
  int64_t end = 0;
  for (const checkpoint::GgufTensor& tensor : header.tensors) {
    if (tensor.begin < end || tensor.bytes < 0) std::abort();
    end = tensor.begin + tensor.bytes;
    if (end > static_cast<int64_t>(file.size())) std::abort();
    if (!tensor.type->is_computable) continue;
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    const std::string_view data =
        file.substr(static_cast<size_t>(tensor.begin), static_cast<size_t>(tensor.bytes));
    checkpoint::dequantize(*tensor.type, std::as_bytes(std::span(data)), values);
  }
}

void check_config(const checkpoint::GgufHeader& header, std::string_view file) {
  std::vector<std::string> warnings;
  const base::Json config = checkpoint::gguf_config(header, file, "fuzz", warnings);
  checkpoint::gguf_spec(config, header, "fuzz", warnings);
}

void check_tokenizer(const checkpoint::GgufHeader& header) {
  const checkpoint::BpeTokenizer tokenizer(checkpoint::read_gguf_tokenizer(header, "fuzz").parts);
  for (const evals::Token token : tokenizer.encode("ab  ab1\n\u00e9\u4e00<s>")) {
    if (token < 0 || token >= tokenizer.vocabulary_size()) std::abort();
    tokenizer.decode({token});
  }
}

}  // namespace

/// Any bytes are a GGUF file or one clear error; of an accepted file every tensor lies inside it,
/// none overlaps another, and those of a computable type can be computed; its metadata are a config
/// or one clear error, and a tokenizer or one clear error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(bytes), size);
  attempt([&] {
    const checkpoint::GgufHeader header = checkpoint::parse_gguf(file, "fuzz");
    check_tensors(header, file);
    attempt([&] { check_config(header, file); });
    attempt([&] { check_tokenizer(header); });
  });
  return 0;
}
