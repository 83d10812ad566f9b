#include "harness/checkpoint/tokenizer/tokenizer_json.h"

#include <fmt/format.h>

#include <limits>

#include "harness/base/json.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/tokenizer/byte_level.h"
#include "harness/checkpoint/tokenizer/byte_token.h"
#include "harness/checkpoint/tokenizer/tokenizer_json_steps.h"

namespace checkpoint {
namespace {

constexpr int64_t greatest_id = std::numeric_limits<evals::Token>::max() - 1;

using Vocabulary = std::unordered_map<std::string, evals::Token>;

/// Tokens as they are written in the file.
Vocabulary read_vocabulary(base::StrictObject& model, base::Problems& problems) {
  Vocabulary tokens;
  const base::Json* json = model.required("vocab");
  if (!json) return tokens;
  if (!json->is_object()) {
    problems.add(model.at("vocab"), "must be an object of tokens and ids");
    return tokens;
  }
  std::unordered_map<evals::Token, std::string> content_of;
  for (const auto& [content, value] : json->items()) {
    const std::string place = fmt::format("{}/{}", model.at("vocab"), content);
    if (!value.is_number_integer() || value < 0 || value > greatest_id) {
      problems.add(place, fmt::format("must be an integer from 0 to {} (got {})", greatest_id,
                                      value.dump()));
      continue;
    }
    const auto id = value.get<evals::Token>();
    const auto [other, is_new] = content_of.try_emplace(id, content);
    if (!is_new) {
      problems.add(place, fmt::format("has the id {} of \"{}\"", id, other->second));
    }
    tokens[content] = id;
  }
  return tokens;
}

/// ["a", "b"], or "a b" in older files.
std::optional<std::pair<std::string, std::string>> read_pair(const base::Json& value) {
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
    return std::pair(value[0].get<std::string>(), value[1].get<std::string>());
  }
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  const size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) return {};
  return std::pair(text.substr(0, space), text.substr(space + 1));
}

std::vector<Merge> read_merges(base::StrictObject& model, const Vocabulary& tokens,
                               base::Problems& problems) {
  std::vector<Merge> merges;
  const base::Json* json = model.required("merges");
  if (!json) return merges;
  if (!json->is_array() || json->size() > static_cast<size_t>(greatest_id)) {
    problems.add(model.at("merges"), "must be a list of pairs");
    return merges;
  }
  for (size_t rank = 0; rank < json->size(); ++rank) {
    const std::string place = fmt::format("{}/{}", model.at("merges"), rank);
    const auto pair = read_pair((*json)[rank]);
    if (!pair) {
      problems.add(place, "must be a pair of tokens");
      continue;
    }
    Merge merge{0, 0, 0, static_cast<int32_t>(rank)};
    const auto find = [&](const std::string& content, evals::Token& id) {
      const auto found = tokens.find(content);
      if (found != tokens.end()) {
        id = found->second;
      } else {
        problems.add(place, fmt::format("needs \"{}\", which is no token", content));
      }
    };
    find(pair->first, merge.left);
    find(pair->second, merge.right);
    find(pair->first + pair->second, merge.merged);
    merges.push_back(merge);
  }
  return merges;
}

std::optional<std::array<evals::Token, 256>> read_byte_tokens(const Vocabulary& tokens,
                                                              base::Problems& problems) {
  std::array<evals::Token, 256> ids{};
  for (size_t byte = 0; byte < ids.size(); ++byte) {
    const std::string content = byte_token(static_cast<uint8_t>(byte));
    const auto found = tokens.find(content);
    if (found == tokens.end()) {
      problems.add("/model/byte_fallback",
                   fmt::format("needs all 256 byte tokens, and {} is no token", content));
      return {};
    }
    ids[byte] = found->second;
  }
  return ids;
}

void refuse_affix(base::StrictObject& model, const std::string& key) {
  if (!model.text(key, "").empty()) {
    model.problems().add(model.at(key), "is not supported");
  }
}

BpeVocabulary read_model(base::StrictObject& model, bool is_byte_level, Vocabulary& tokens,
                         base::Problems& problems) {
  BpeVocabulary vocabulary;
  if (model.number("dropout", base::Bounds::between(0, 1), 0.0) != 0) {
    problems.add(model.at("dropout"), "is not supported: encoding would be random");
  }
  refuse_affix(model, "continuing_subword_prefix");
  refuse_affix(model, "end_of_word_suffix");
  vocabulary.fuses_unknown = model.boolean("fuse_unk", false);
  vocabulary.ignores_merges = model.boolean("ignore_merges", false);
  const bool falls_back = model.boolean("byte_fallback", false);
  tokens = read_vocabulary(model, problems);
  vocabulary.merges = read_merges(model, tokens, problems);
  if (falls_back) vocabulary.byte_tokens = read_byte_tokens(tokens, problems);
  if (const std::string unknown = model.text("unk_token", ""); !unknown.empty()) {
    const auto found = tokens.find(unknown);
    if (found == tokens.end()) {
      problems.add(model.at("unk_token"), fmt::format("\"{}\" is no token", unknown));
    } else {
      vocabulary.unknown = found->second;
    }
  }
  model.finish();
  vocabulary.alphabet = is_byte_level ? Alphabet::bytes : Alphabet::characters;
  if (!is_byte_level) {
    vocabulary.token_of = tokens;
    return vocabulary;
  }
  for (const auto& [content, id] : tokens) {
    if (auto bytes = byte_level_bytes(content)) vocabulary.token_of.emplace(*bytes, id);
  }
  return vocabulary;
}

AddedToken read_added_token(const base::Json& json, const std::string& path,
                            base::Problems& problems) {
  base::StrictObject object(json, path, problems);
  AddedToken token;
  token.id = static_cast<evals::Token>(object.integer("id", 0, greatest_id));
  token.content = object.text("content");
  token.strips_left = object.boolean("lstrip", false);
  token.strips_right = object.boolean("rstrip", false);
  token.is_special = object.boolean("special", false);
  token.is_normalized = object.boolean("normalized", !token.is_special);
  if (object.boolean("single_word", false)) {
    problems.add(object.at("single_word"), "is not supported");
  }
  object.finish();
  return token;
}

std::vector<AddedToken> read_added_tokens(const base::Json& list, const Vocabulary& tokens,
                                          base::Problems& problems) {
  std::vector<AddedToken> added;
  if (!list.is_array()) {
    problems.add("/added_tokens", "must be a list");
    return added;
  }
  const bool knows_tokens = problems.empty();  // else every id might be off
  auto next = static_cast<evals::Token>(tokens.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string path = fmt::format("/added_tokens/{}", i);
    AddedToken token = read_added_token(list[i], path, problems);
    const auto known = tokens.find(token.content);
    const evals::Token expected = known != tokens.end() ? known->second : next;
    if (known == tokens.end()) ++next;
    // The library numbers added tokens itself and ignores these ids, with a warning.
    if (knows_tokens && token.id != expected) {
      problems.add(path + "/id",
                   fmt::format("is {}, but the tokenizers library would make \"{}\" {}", token.id,
                               token.content, expected));
    }
    added.push_back(std::move(token));
  }
  return added;
}

}  // namespace

TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& file) {
  base::Problems problems(base::few_problems);  // a damaged vocabulary breaks every merge
  const base::Json json = base::parse_json(text, file, problems);
  base::StrictObject object(json, "", problems);
  for (const char* key : {"version", "truncation", "padding"}) object.value(key);
  const base::Json null;
  const auto part = [&](const char* key) -> const base::Json& {
    const base::Json* value = object.value(key);
    return value ? *value : null;
  };

  TokenizerJson out;
  TokenizerParts& parts = out.parts;
  parts.file = file;
  parts.normalizer = read_normalizer(part("normalizer"), problems);
  PreTokenizerSteps words = read_pre_tokenizer(part("pre_tokenizer"), problems);
  parts.pre_tokenizer = std::move(words.steps);
  Vocabulary tokens;
  if (const base::Json* value = object.required("model")) {
    base::StrictObject model(*value, "/model", problems);
    if (const std::string type = model.text("type", "BPE"); type != "BPE") {
      problems.add("/model/type", fmt::format("\"{}\" is not supported", type),
                   "only BPE tokenizers can be read");
    } else {
      parts.vocabulary = read_model(model, words.is_byte_level, tokens, problems);
    }
  }
  parts.decoder = read_decoder(part("decoder"), problems);
  if (const base::Json* list = object.value("added_tokens")) {
    parts.added = read_added_tokens(*list, tokens, problems);
  }
  out.template_bos = read_template_bos(part("post_processor"), problems);
  object.finish();
  for (const auto& [content, id] : tokens) parts.content_of[id] = content;
  for (const AddedToken& token : parts.added) parts.content_of[token.id] = token.content;
  if (out.template_bos && !parts.content_of.contains(*out.template_bos)) {
    problems.add("/post_processor",
                 fmt::format("begins texts with {}, which is no token", *out.template_bos));
  }
  problems.throw_if_any(file);
  parts.fingerprint = base::sha256_hex(text);
  return out;
}

}  // namespace checkpoint
