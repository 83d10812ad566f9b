#include "harness/checkpoint/open_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/error.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/gguf/gguf_tokenizer.h"
#include "harness/checkpoint/sentencepiece_tokenizer.h"
#include "harness/checkpoint/tokenizer/tokenizer_json.h"
#include "harness/checkpoint/tokenizer_config.h"

namespace checkpoint {
namespace {

constexpr std::string_view sentencepiece_name = "tokenizer.model";
constexpr std::string_view json_name = "tokenizer.json";
constexpr std::string_view config_name = "tokenizer_config.json";

/// Classes of Transformers that put BOS themselves, whatever the template says.
bool places_bos_itself(std::string_view tokenizer_class) {
  constexpr std::array<std::string_view, 6> classes{"LlamaTokenizer",     "LlamaTokenizerFast",
                                                    "CodeLlamaTokenizer", "CodeLlamaTokenizerFast",
                                                    "GemmaTokenizer",     "GemmaTokenizerFast"};
  return std::find(classes.begin(), classes.end(), tokenizer_class) != classes.end();
}

struct AutomaticBos {
  bool adds = false;
  std::string reason;
};

AutomaticBos automatic_bos(const TokenizerConfig& config, bool has_template_bos) {
  if (places_bos_itself(config.tokenizer_class)) {
    return {config.add_bos.value_or(true),
            config.add_bos ? "add_bos_token in tokenizer_config.json"
                           : config.tokenizer_class + "'s default, since no add_bos_token is set"};
  }
  return {has_template_bos, has_template_bos ? "the template in tokenizer.json puts it"
                                             : "no template in tokenizer.json puts it"};
}

std::optional<evals::Token> token_of(const TokenizerParts& parts, const std::string& content) {
  for (const auto& [token, text] : parts.content_of) {
    if (!content.empty() && text == content) return token;
  }
  return {};
}

/// Applies the policy, and checks the tokenizer against the model.
OpenedTokenizer finish(TokenizerParts parts, std::optional<evals::Token> bos, AutomaticBos choice,
                       BosPolicy policy, std::optional<int64_t> vocabulary) {
  const std::string file = parts.file;
  if (policy != BosPolicy::automatic) choice = {policy == BosPolicy::always, "asked for"};
  if (choice.adds && !bos) {
    base::reject(file, "", "has no BOS token to begin sequences with", "use the BOS policy never");
  }
  if (choice.adds) parts.bos = bos;
  auto tokenizer = std::make_shared<BpeTokenizer>(std::move(parts));
  if (vocabulary && tokenizer->vocabulary_size() > *vocabulary) {
    base::reject(file, "",
                 fmt::format("has {} tokens, but the model has {} embeddings",
                             tokenizer->vocabulary_size(), *vocabulary),
                 "this tokenizer belongs to another checkpoint");
  }
  return {std::move(tokenizer), std::move(choice.reason), {}};
}

/// The token to begin sequences with. Where the template puts it, it is the template's own,
/// whatever the config names; what is put by a class of Transformers, or because it was asked for,
/// is the config's.
std::optional<evals::Token> bos_of(const TokenizerJson& json, const TokenizerConfig& config,
                                   BosPolicy policy) {
  if (policy == BosPolicy::automatic && !places_bos_itself(config.tokenizer_class)) {
    return json.template_bos;
  }
  const auto named = token_of(json.parts, config.bos_token);
  return named ? named : json.template_bos;
}

OpenedTokenizer open_json(const Directory& directory, BosPolicy policy,
                          std::optional<int64_t> vocabulary) {
  const std::string file = (directory.root() / json_name).string();
  TokenizerJson read = parse_tokenizer_json(directory.read_text(json_name), file);
  TokenizerConfig config;
  if (directory.has(config_name)) {
    config = parse_tokenizer_config(directory.read_text(config_name),
                                    (directory.root() / config_name).string());
  }
  const auto bos = bos_of(read, config, policy);
  read.parts.eos = token_of(read.parts, config.eos_token);
  return finish(std::move(read.parts), bos, automatic_bos(config, read.template_bos.has_value()),
                policy, vocabulary);
}

OpenedTokenizer open_gguf(const std::filesystem::path& path, BosPolicy policy,
                          std::optional<int64_t> vocabulary) {
  const auto file = MappedFile::open_named(path);
  GgufTokenizer read = read_gguf_tokenizer(parse_gguf(file->text(), path.string()), path.string());
  AutomaticBos choice{read.adds_bos, read.adds_bos_is_stated
                                         ? "tokenizer.ggml.add_bos_token"
                                         : "llama.cpp's default for this tokenizer model"};
  return finish(std::move(read.parts), read.bos, std::move(choice), policy, vocabulary);
}

}  // namespace

OpenedTokenizer open_tokenizer(const std::filesystem::path& path, BosPolicy policy,
                               std::optional<int64_t> vocabulary) {
  if (is_gguf(path)) return open_gguf(path, policy, vocabulary);
  const Directory directory(path);
  const bool has_model = directory.has(sentencepiece_name);
  const bool has_json = directory.has(json_name);
  if (has_model &&
      (!has_json || is_sentencepiece_model(directory.map(sentencepiece_name)->text()))) {
    auto tokenizer = std::make_shared<SentencePieceTokenizer>(path, policy, vocabulary);
    std::string reason = tokenizer->bos_reason();
    return {std::move(tokenizer), std::move(reason), {}};
  }
  if (has_json) {
    OpenedTokenizer opened = open_json(directory, policy, vocabulary);
    if (has_model) {
      opened.warnings.push_back(fmt::format("{}: is not a SentencePiece model: {} was read instead",
                                            (path / sentencepiece_name).string(), json_name));
    }
    return opened;
  }
  base::reject(path.string(), "",
               fmt::format("has neither {} nor {}", sentencepiece_name, json_name),
               "download the checkpoint's tokenizer");
}

}  // namespace checkpoint
