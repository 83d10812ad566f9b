#include "harness/checkpoint/sentencepiece_tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "harness/base/error.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/tokenizer_config.h"

namespace checkpoint {
namespace {

constexpr std::string_view model_name = "tokenizer.model";
constexpr std::string_view config_name = "tokenizer_config.json";

}  // namespace

struct SentencePieceTokenizer::Model {
  sentencepiece::SentencePieceProcessor processor;
};

SentencePieceTokenizer::SentencePieceTokenizer(const std::filesystem::path& path, BosPolicy policy,
                                               std::optional<int64_t> vocabulary)
    : model_(std::make_unique<Model>()) {
  const Directory directory(path);
  const std::string file = (path / model_name).string();
  if (!directory.has(model_name)) {
    base::reject(file, "", "no such file", "only SentencePiece tokenizers can be read");
  }
  const auto bytes = directory.map(model_name);
  const auto status = model_->processor.LoadFromSerializedProto(
      absl::string_view(bytes->text().data(), bytes->text().size()));
  if (!status.ok()) base::reject(file, "", "is not a SentencePiece model", "download it again");
  if (vocabulary && vocabulary_size() > *vocabulary) {
    base::reject(file, "",
                 fmt::format("has {} pieces, but config.json's vocab_size is {}", vocabulary_size(),
                             *vocabulary),
                 "this tokenizer belongs to another checkpoint");
  }

  TokenizerConfig config;
  const bool has_config = directory.has(config_name);
  if (has_config) {
    config =
        parse_tokenizer_config(directory.read_text(config_name), (path / config_name).string());
  }
  const int id = model_->processor.bos_id();
  bool adds = policy == BosPolicy::always;
  if (policy == BosPolicy::automatic) {
    adds = config.add_bos.value_or(true);
    bos_reason_ = config.add_bos ? "add_bos_token in tokenizer_config.json"
                                 : "LlamaTokenizer's default, since no add_bos_token is set";
  } else {
    bos_reason_ = "asked for";
  }
  if (adds && id < 0) {
    if (policy == BosPolicy::always || config.add_bos) {
      base::reject(file, "", "has no BOS piece to begin sequences with",
                   "use the BOS policy never");
    }
    adds = false;
    bos_reason_ = "tokenizer.model has no BOS piece";
  }
  if (adds) bos_ = id;
  fingerprint_ = base::sha256_hex(bytes->bytes());
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::vector<evals::Token> SentencePieceTokenizer::encode(std::string_view utf8) const {
  std::vector<int> ids;
  const auto status = model_->processor.Encode(absl::string_view(utf8.data(), utf8.size()), &ids);
  if (!status.ok())
    base::reject(std::string(model_name), "", "cannot encode: " + status.ToString());
  return {ids.begin(), ids.end()};
}

std::string SentencePieceTokenizer::decode(const std::vector<evals::Token>& tokens) const {
  std::vector<int> ids(tokens.begin(), tokens.end());
  for (const int id : ids) {
    if (id < 0 || id >= vocabulary_size()) {
      base::reject(std::string(model_name), "",
                   fmt::format("token {} is not among its {} pieces", id, vocabulary_size()));
    }
  }
  std::string text;
  const auto status = model_->processor.Decode(ids, &text);
  if (!status.ok())
    base::reject(std::string(model_name), "", "cannot decode: " + status.ToString());
  return text;
}

int64_t SentencePieceTokenizer::vocabulary_size() const { return model_->processor.GetPieceSize(); }

std::optional<evals::Token> SentencePieceTokenizer::bos() const { return bos_; }

std::optional<evals::Token> SentencePieceTokenizer::eos() const {
  const int id = model_->processor.eos_id();
  if (id < 0) return {};
  return id;
}

std::string SentencePieceTokenizer::fingerprint() const { return fingerprint_; }

}  // namespace checkpoint
