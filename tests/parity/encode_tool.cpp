// Encodes and decodes documents with a checkpoint's tokenizer, for comparisons with other programs.
//
//   parity_encode FOLDER_OR_GGUF DOCUMENTS OUT
//
// DOCUMENTS is a sequence of (uint64 bytes, UTF-8 text); OUT becomes a sequence of (uint64 count,
// int32 ids, uint64 bytes, the text decoded from them). Prints the special ids and the CPU seconds
// that encoding took.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/open_tokenizer.h"

namespace {

std::string id_or_null(std::optional<evals::Token> token) {
  return token ? std::to_string(*token) : "null";
}

void write_size(std::ofstream& out, uint64_t size) {
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const auto opened = checkpoint::open_tokenizer(argv[1], checkpoint::BosPolicy::automatic);
    const evals::Tokenizer& tokenizer = *opened.tokenizer;
    const std::string documents = base::read_file(argv[2]);
    std::ofstream out(argv[3], std::ios::binary);
    double seconds = 0;
    for (size_t at = 0; at < documents.size();) {
      uint64_t size = 0;
      std::memcpy(&size, documents.data() + at, sizeof size);
      const std::string_view text(documents.data() + at + sizeof size, size);
      at += sizeof size + size;
      const std::clock_t start = std::clock();
      const auto ids = tokenizer.encode(text);
      seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      const std::string back = tokenizer.decode(ids);
      write_size(out, ids.size());
      out.write(reinterpret_cast<const char*>(ids.data()),
                static_cast<std::streamsize>(ids.size() * sizeof ids[0]));
      write_size(out, back.size());
      out.write(back.data(), static_cast<std::streamsize>(back.size()));
    }
    fmt::print("{{\"bos\": {}, \"eos\": {}, \"vocabulary\": {}, \"seconds\": {}}}\n",
               id_or_null(tokenizer.bos()), id_or_null(tokenizer.eos()),
               tokenizer.vocabulary_size(), seconds);
    return out.good() ? 0 : 1;
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
