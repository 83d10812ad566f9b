#include "small_corpus.h"

#include <unistd.h>

#include <array>
#include <fstream>

#include "harness/base/random.h"

namespace training {

ScratchFolder::ScratchFolder(const std::string& name)
    : path_(std::filesystem::path(ROPEWALK_BINARY_DIR) / "scratch" /
            (name + "." + std::to_string(getpid()))) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string small_text(int64_t seed, int64_t sentences) {
  constexpr std::array<const char*, 16> nouns = {
      "rope",    "walk", "lane", "yard", "mast",   "sail",  "knot",   "hemp",
      "spinner", "ship", "tar",  "reel", "strand", "river", "winter", "door"};
  constexpr std::array<const char*, 8> verbs = {"holds", "turns", "leaves", "finds",
                                                "makes", "takes", "knows",  "keeps"};
  const base::CounterRandom random(base::Json::array({seed, "small text"}));
  std::string text;
  for (int64_t i = 0; i < sentences; ++i) {
    const auto word = [&](uint64_t place, const auto& words) {
      return words[static_cast<size_t>(
          random.below(static_cast<uint64_t>(4 * i) + place, static_cast<int64_t>(words.size())))];
    };
    text += std::string("The ") + word(0, nouns) + " " + word(1, verbs) + " the " + word(2, nouns) +
            (i % 5 == 4 ? ".\n" : ". ");
  }
  return text;
}

void write_small_corpus(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "corpus");
  std::ofstream(folder / "corpus" / "one.txt") << small_text(1, 2000);
  std::ofstream(folder / "corpus" / "two.txt")
      << small_text(2, 1000) +
             "There is an important info hidden inside a lot of irrelevant text. "
             "Find it and memorize them. I will quiz you about the important "
             "information there. What is the pass key? Remember it. 0123456789\n";
}

base::Json micro_config() {
  return base::Json::parse(R"({
    "model": {"vocabulary": 400, "hidden": 32, "intermediate": 64, "layers": 2, "heads": 2,
              "head_dim": 16},
    "corpus": ["corpus"],
    "dtype": "float32", "export_dtype": "float32",
    "sources": {
      "text": {"type": "text"},
      "copy": {"type": "copy", "block": [6, 12], "pools": [32, 2000], "gap": 20},
      "passkey": {"type": "retrieval"},
      "passkey-text": {"type": "retrieval", "haystack": "text"}
    },
    "batch_tokens": 1280,
    "phases": [
      {"length": 64, "tokens": 40960, "mixture": {"text": 60, "copy": 40}},
      {"length": 320, "tokens": 25600, "mixture": {"text": 40, "copy": 20, "passkey": 20,
                                                   "passkey-text": 20}}
    ],
    "optimizer": {"learning_rate": 5e-3, "warmup_steps": 10},
    "shard_tokens": 640,
    "log_every": 1
  })");
}

std::filesystem::path write_config(const std::filesystem::path& folder, const base::Json& config) {
  const std::filesystem::path path = folder / "config.json";
  std::ofstream(path) << config.dump(1);
  return path;
}

}  // namespace training
