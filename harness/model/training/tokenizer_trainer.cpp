#include "harness/model/training/tokenizer_trainer.h"

#include <sentencepiece_trainer.h>

#include <sstream>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/json.h"

namespace training {
namespace {

std::vector<std::string> lines_of(const std::vector<std::filesystem::path>& corpus) {
  std::vector<std::string> lines;
  for (const std::filesystem::path& path : corpus) {
    std::istringstream text(base::read_utf8_file(path));
    bool has_text = false;
    for (std::string line; std::getline(text, line);) {
      if (line.empty()) continue;
      lines.push_back(line);
      has_text = true;
    }
    if (!has_text) {
      throw base::Error(base::Fault::input, path.string(), {"", "holds no text", "remove it"});
    }
  }
  return lines;
}

class Lines : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  bool done() const override { return next_ == lines_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return lines_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

}  // namespace

void train_tokenizer(const std::vector<std::filesystem::path>& corpus, int64_t vocabulary,
                     int64_t trained_length, const std::filesystem::path& directory) {
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(vocabulary)},
      {"byte_fallback", "true"},
      {"split_digits", "true"},
      {"character_coverage", "1.0"},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"user_defined_symbols", "\n"},
      {"num_threads", "1"},
      {"minloglevel", "3"},
  };
  std::string model;
  Lines lines(lines_of(corpus));
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &lines, &model);
  if (!status.ok()) {
    throw base::Error(base::Fault::input, "tokenizer",
                      base::Problem{"", "SentencePiece: " + status.ToString(),
                                    "lower model/vocabulary or add text"});
  }
  base::write_file_atomically(directory / "tokenizer.model", model);
  const base::Json config = {{"tokenizer_class", "LlamaTokenizer"},
                             {"add_bos_token", true},
                             {"add_eos_token", false},
                             {"bos_token", "<s>"},
                             {"eos_token", "</s>"},
                             {"unk_token", "<unk>"},
                             {"model_max_length", trained_length},
                             {"legacy", false}};
  base::write_file_atomically(directory / "tokenizer_config.json", config.dump(1) + "\n");
}

}  // namespace training
