#include "tests/evals/support/sentencepiece_tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_trainer.h>

#include <array>
#include <fstream>
#include <stdexcept>
#include <unordered_map>

#include "harness/base/file.h"
#include "harness/base/sha256.h"

namespace evals {

SentencePieceTokenizer::SentencePieceTokenizer(const std::filesystem::path& model, bool with_bos)
    : with_bos_(with_bos), fingerprint_(base::sha256_hex(base::read_file(model))) {
  const auto status = model_.Load(model.string());
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::vector<Token> SentencePieceTokenizer::encode(std::string_view utf8) const {
  return model_.EncodeAsIds({utf8.data(), utf8.size()});
}

std::string SentencePieceTokenizer::decode(const std::vector<Token>& tokens) const {
  return model_.DecodeIds(tokens);
}

std::optional<Token> SentencePieceTokenizer::bos() const {
  return with_bos_ ? std::optional<Token>(model_.bos_id()) : std::nullopt;
}

std::filesystem::path train_sentencepiece(const std::filesystem::path& prefix,
                                          const std::string& text,
                                          const std::map<std::string, std::string>& options) {
  const std::string corpus = prefix.string() + ".txt";
  std::ofstream(corpus) << text;
  std::unordered_map<std::string, std::string> all = {{"input", corpus},
                                                      {"model_prefix", prefix.string()},
                                                      {"byte_fallback", "true"},
                                                      {"split_digits", "true"},
                                                      {"normalization_rule_name", "identity"},
                                                      {"remove_extra_whitespaces", "false"},
                                                      {"minloglevel", "2"}};
  for (const auto& [name, value] : options) all[name] = value;
  const auto status = sentencepiece::SentencePieceTrainer::Train(all);
  if (!status.ok()) throw std::runtime_error(status.ToString());
  return prefix.string() + ".model";
}

std::string natural_text(int64_t sentences) {
  constexpr std::array<std::string_view, 6> ends = {".", "!", "?", ".\"", "?'", ".)"};
  std::string text;
  for (int64_t i = 0; i < sentences; ++i) {
    const std::string_view gap = i % 9 == 8 ? "\n\n" : i % 5 == 4 ? "\n" : " ";
    text += fmt::format("In year {} some {} birds, {} of them grey, crossed the bay{}{}",
                        i * i % 997, i % 89, i % 13, ends[static_cast<size_t>(i % 6)], gap);
  }
  return text;
}

}  // namespace evals
