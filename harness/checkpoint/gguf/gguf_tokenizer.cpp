#include "harness/checkpoint/gguf/gguf_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/gguf/gguf_metadata.h"
#include "harness/checkpoint/tokenizer/byte_level.h"
#include "harness/checkpoint/tokenizer/byte_token.h"
#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

const std::string prefix = "tokenizer.ggml.";

constexpr size_t longest_token = 4096;  // bytes; the longest in use have some hundred

// Values of tokenizer.ggml.token_type.
constexpr int64_t unknown_kind = 2;
constexpr int64_t control_kind = 3;
constexpr int64_t user_defined_kind = 4;

constexpr std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// What tokenizer.ggml.pre stands for.
struct PreKind {
  std::string_view name;
  std::string_view pattern;
  bool splits_digits = false;
  bool normalizes = false;  ///< NFC
  bool ignores_merges = false;
  bool adds_bos = false;
};

const std::array<PreKind, 11> pre_kinds{{
    {"gpt-2", gpt2_pattern, false, false, false, false},
    {"llama-bpe", llama3_pattern, false, false, true, true},
    {"llama3", llama3_pattern, false, false, true, true},
    {"llama-v3", llama3_pattern, false, false, true, true},
    {"falcon3", llama3_pattern, false, false, true, true},
    {"pixtral", llama3_pattern, false, false, true, true},
    {"smollm", gpt2_pattern, true, false, false, false},
    {"starcoder", gpt2_pattern, true, false, false, false},
    {"refact", gpt2_pattern, true, false, false, false},
    {"qwen2", qwen2_pattern, false, true, false, false},
    {"deepseek-r1-qwen", qwen2_pattern, false, true, false, false},
}};

using Vocabulary = std::unordered_map<std::string, evals::Token>;

/// An id that names a token.
std::optional<evals::Token> token_id(const GgufMetadata& data, const std::string& key,
                                     size_t count) {
  const auto id = data.integer(prefix + key);
  if (!id) return {};
  if (*id < 0 || static_cast<size_t>(*id) >= count) {
    data.problems().add(prefix + key, fmt::format("is {}, but there are {} tokens", *id, count));
    return {};
  }
  return static_cast<evals::Token>(*id);
}

/// All tokens by content; fills content_of, added tokens and the unknown token.
Vocabulary read_tokens(const GgufMetadata& data, const GgufArray& tokens, TokenizerParts& parts) {
  const GgufArray* kinds = data.array(prefix + "token_type");
  if (kinds && kinds->integers.size() != tokens.texts.size()) {
    data.problems().add(
        prefix + "token_type",
        fmt::format("has {} integers for {} tokens", kinds->integers.size(), tokens.texts.size()));
    kinds = nullptr;
  }
  Vocabulary ids;
  for (size_t i = 0; i < tokens.texts.size(); ++i) {
    const std::string content(tokens.texts[i]);
    const auto id = static_cast<evals::Token>(i);
    if (content.size() > longest_token) {
      data.problems().add(prefix + "tokens",
                          fmt::format("token {} has {} bytes, more than the {} that are read", i,
                                      content.size(), longest_token));
      continue;
    }
    if (base::find_invalid_utf8(content) != std::string_view::npos) {
      data.problems().add(prefix + "tokens", fmt::format("token {} is not UTF-8", i));
      continue;
    }
    parts.content_of[id] = content;
    if (!ids.emplace(content, id).second) {
      data.problems().add(prefix + "tokens",
                          fmt::format("\"{}\" is token {} and token {}", content, ids[content], i));
    }
    const int64_t kind = kinds ? kinds->integers[i] : 1;
    if (kind == unknown_kind) parts.vocabulary.unknown = id;
    if (kind == control_kind || kind == user_defined_kind) {
      parts.added.push_back({id, content, false, false, false, kind == control_kind});
    }
  }
  return ids;
}

std::vector<Merge> read_merges(const GgufMetadata& data, const Vocabulary& ids) {
  std::vector<Merge> merges;
  const GgufArray* list = data.array(prefix + "merges");
  if (!list) {
    data.problems().add(prefix + "merges", "is missing");
    return merges;
  }
  for (size_t rank = 0; rank < list->texts.size(); ++rank) {
    const std::string_view text = list->texts[rank];
    const size_t space = text.find(' ', 1);  // a space in a token is written otherwise
    const std::string left(text.substr(0, space));
    const std::string right(space == std::string_view::npos ? "" : text.substr(space + 1));
    const auto a = ids.find(left);
    const auto b = ids.find(right);
    const auto both = ids.find(left + right);
    if (a == ids.end() || b == ids.end() || both == ids.end()) {
      data.problems().add(prefix + "merges",
                          fmt::format("merge {} (\"{}\") joins what is no token", rank, text));
      continue;
    }
    merges.push_back({a->second, b->second, both->second, static_cast<int32_t>(rank)});
  }
  return merges;
}

void read_byte_level(const GgufMetadata& data, const Vocabulary& ids, GgufTokenizer& out) {
  const std::string key = prefix + "pre";
  const auto name = data.text(key);
  // Files of before May 2024 lack the key: llama.cpp then cuts text by a rule of its own, and warns
  // that quality will be degraded.
  if (!data.has(key) || name == "default") {
    data.problems().add(
        key,
        fmt::format("{}: it is not known how text must be cut for this model",
                    name ? "\"default\" stands for no model's pre-tokenizer" : "is missing"),
        "convert the model again with a newer converter of llama.cpp");
    return;
  }
  if (!name) return;  // no text, as was reported
  const auto kind = std::find_if(pre_kinds.begin(), pre_kinds.end(),
                                 [&](const PreKind& each) { return each.name == *name; });
  if (kind == pre_kinds.end()) {
    data.problems().add(key, fmt::format("\"{}\" is not supported", *name));
    return;
  }
  TokenizerParts& parts = out.parts;
  if (kind->normalizes) parts.normalizer.emplace_back(ToNfc{});
  if (kind->splits_digits)
    parts.pre_tokenizer.emplace_back(Split{Regex::built_in(numeric_pattern)});
  parts.pre_tokenizer.emplace_back(Split{Regex::built_in(kind->pattern)});
  parts.decoder.emplace_back(DecodeByteLevel{});
  out.adds_bos = kind->adds_bos;
  BpeVocabulary& vocabulary = parts.vocabulary;
  vocabulary.alphabet = Alphabet::bytes;
  vocabulary.unknown.reset();  // bytes are never unknown
  vocabulary.ignores_merges = kind->ignores_merges;
  vocabulary.merges = read_merges(data, ids);
  for (const auto& [content, id] : ids) {
    if (auto bytes = byte_level_bytes(content)) vocabulary.token_of.emplace(*bytes, id);
  }
}

/// Every way to make a token of two others. SentencePiece merges the pair whose token has the
/// highest score, the leftmost of equal ones: so the rank of a merge is that of its token's score.
std::vector<Merge> merges_by_score(const Vocabulary& ids, const std::vector<double>& scores) {
  std::map<double, int32_t, std::greater<>> rank_of;
  for (const double score : scores) rank_of[score];
  int32_t next = 0;
  for (auto& [score, rank] : rank_of) rank = next++;
  std::vector<Merge> merges;
  for (const auto& [content, id] : ids) {
    for (size_t cut = utf8_length(static_cast<unsigned char>(content[0])); cut < content.size();
         cut += utf8_length(static_cast<unsigned char>(content[cut]))) {
      const auto left = ids.find(content.substr(0, cut));
      if (left == ids.end()) continue;
      const auto right = ids.find(content.substr(cut));
      if (right == ids.end()) continue;
      merges.push_back({left->second, right->second, id, rank_of[scores[static_cast<size_t>(id)]]});
    }
  }
  return merges;
}

void read_sentencepiece(const GgufMetadata& data, Vocabulary ids, GgufTokenizer& out) {
  TokenizerParts& parts = out.parts;
  const GgufArray* scores = data.array(prefix + "scores");
  if (!scores || scores->numbers.size() != parts.content_of.size()) {
    data.problems().add(prefix + "scores", "must be one number for each token");
    return;
  }
  for (size_t i = 0; i < scores->numbers.size(); ++i) {
    if (!std::isnan(scores->numbers[i])) continue;
    data.problems().add(prefix + "scores", fmt::format("the score of token {} is not a number", i));
    return;
  }
  BpeVocabulary& vocabulary = parts.vocabulary;
  vocabulary.alphabet = Alphabet::characters;
  vocabulary.fuses_unknown = true;
  std::array<evals::Token, 256> bytes{};
  size_t found = 0;
  for (size_t byte = 0; byte < bytes.size(); ++byte) {
    const auto token = ids.find(byte_token(static_cast<uint8_t>(byte)));
    if (token == ids.end()) continue;
    bytes[byte] = token->second;
    ids.erase(token);  // stands for a byte, never for this text
    ++found;
  }
  if (found == bytes.size()) vocabulary.byte_tokens = bytes;
  if (found != bytes.size() && found > 0) {
    data.problems().add(prefix + "tokens",
                        fmt::format("has {} of the 256 byte tokens, but not all", found));
  }
  for (const AddedToken& token : parts.added) ids.erase(token.content);
  ids.erase("");
  vocabulary.merges = merges_by_score(ids, scores->numbers);
  vocabulary.token_of = std::move(ids);

  const std::string space = "\u2581";
  const bool has_prefix = data.boolean(prefix + "add_space_prefix").value_or(true);
  if (has_prefix) parts.normalizer.emplace_back(PrependText{space});
  parts.normalizer.emplace_back(ReplaceText{" ", space});
  parts.decoder = {DecodeReplace{space, " "}, DecodeByteFallback{}, DecodeFuse{}};
  if (has_prefix) parts.decoder.emplace_back(DecodeStrip{" ", 1, 0});
  out.adds_bos = true;
}

/// SHA-256 over everything that was read.
std::string fingerprint_of(const GgufMetadata& data) {
  base::Sha256 hash;
  for (const char* key : {"model", "pre"}) {
    hash.update(fmt::format("{} {}\n", key, data.text(prefix + key).value_or("")));
  }
  const auto prefix_space = data.boolean(prefix + "add_space_prefix");
  hash.update(fmt::format("add_space_prefix {}\n", prefix_space.value_or(true)));
  for (const char* key : {"tokens", "merges", "scores", "token_type"}) {
    const GgufArray* array = data.array(prefix + key);
    if (!array) continue;
    hash.update(fmt::format("{} {} {} {}\n", key, array->texts.size(), array->integers.size(),
                            array->numbers.size()));
    for (const std::string_view text : array->texts) {
      hash.update(fmt::format("{} ", text.size())).update(text);
    }
    hash.update(std::as_bytes(std::span(array->integers)));
    hash.update(std::as_bytes(std::span(array->numbers)));
  }
  return hash.hex();
}

}  // namespace

GgufTokenizer read_gguf_tokenizer(const GgufHeader& header, const std::string& file) {
  base::Problems problems(base::few_problems);  // a damaged vocabulary breaks every merge
  const GgufMetadata data(header, problems);
  GgufTokenizer out;
  out.parts.file = file;
  const std::string_view model = data.text(prefix + "model").value_or("");
  const GgufArray* tokens = data.array(prefix + "tokens");
  if (!tokens || tokens->texts.empty()) {
    problems.add(prefix + "tokens", "is missing: the file has no tokenizer");
  } else if (model != "gpt2" && model != "llama") {
    problems.add(prefix + "model", fmt::format("\"{}\" is not supported", model),
                 "only gpt2 and llama can be read");
  } else {
    Vocabulary ids = read_tokens(data, *tokens, out.parts);
    if (problems.empty()) {
      if (model == "gpt2") {
        read_byte_level(data, ids, out);
      } else {
        read_sentencepiece(data, std::move(ids), out);
      }
    }
    const size_t count = tokens->texts.size();
    out.bos = token_id(data, "bos_token_id", count);
    out.parts.eos = token_id(data, "eos_token_id", count);
    if (const auto adds = data.boolean(prefix + "add_bos_token")) {
      out.adds_bos = *adds;
      out.adds_bos_is_stated = true;
    }
  }
  problems.throw_if_any(file);
  out.parts.fingerprint = fingerprint_of(data);
  return out;
}

}  // namespace checkpoint
