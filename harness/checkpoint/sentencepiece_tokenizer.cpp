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

bool load_model(sentencepiece::SentencePieceProcessor& processor, std::string_view bytes) {
  return processor.LoadFromSerializedProto(absl::string_view(bytes.data(), bytes.size())).ok();
}

}  // namespace

bool is_sentencepiece_model(std::string_view bytes) {
  sentencepiece::SentencePieceProcessor processor;
  return load_model(processor, bytes);
}

struct SentencePieceTokenizer::Model {
  sentencepiece::SentencePieceProcessor processor;
};

SentencePieceTokenizer::SentencePieceTokenizer(const std::filesystem::path& path, BosPolicy policy,
                                               std::optional<int64_t> vocabulary)
    : model_(std::make_unique<Model>()), file_((path / model_name).string()) {
  const Directory directory(path);
  if (!directory.has(model_name)) {
    base::reject(file_, "", "no such file", "only SentencePiece tokenizers can be read");
  }
  const auto bytes = directory.map(model_name);
  if (!load_model(model_->processor, bytes->text())) {
    base::reject(file_, "", "is not a SentencePiece model",
                 "download it again, or the tokenizer.json that belongs to it");
  }
  if (vocabulary && vocabulary_size() > *vocabulary) {
    base::reject(file_, "",
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
      base::reject(file_, "", "has no BOS piece to begin sequences with",
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
  if (!status.ok()) base::reject(file_, "", "cannot encode: " + status.ToString());
  return {ids.begin(), ids.end()};
}

std::string SentencePieceTokenizer::decode(const std::vector<evals::Token>& tokens) const {
  std::vector<int> ids(tokens.begin(), tokens.end());
  for (const int id : ids) {
    if (id < 0 || id >= vocabulary_size()) {
      base::reject(file_, "",
                   fmt::format("token {} is not among its {} pieces", id, vocabulary_size()));
    }
  }
  std::string text;
  const auto status = model_->processor.Decode(ids, &text);
  if (!status.ok()) base::reject(file_, "", "cannot decode: " + status.ToString());
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
