#include "harness/checkpoint/tokenizer/bpe_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace checkpoint {
namespace {

/// Finds those of the added tokens that are looked for in text that is (not yet) normalized.
AddedTokenMatcher matcher(const TokenizerParts& parts, bool is_normalized) {
  std::vector<AddedToken> tokens;
  std::vector<std::string> forms;
  for (const AddedToken& token : parts.added) {
    if (token.is_normalized != is_normalized) continue;
    tokens.push_back(token);
    forms.push_back(is_normalized ? normalize(parts.normalizer, token.content) : token.content);
  }
  return {tokens, forms};
}

}  // namespace

BpeTokenizer::BpeTokenizer(TokenizerParts parts)
    : parts_(std::move(parts)),
      in_text_(matcher(parts_, false)),
      in_normalized_(matcher(parts_, true)),
      model_(std::move(parts_.vocabulary)) {
  for (const AddedToken& token : parts_.added) is_special_[token.id] = token.is_special;
}

std::vector<evals::Token> BpeTokenizer::encode(std::string_view utf8) const {
  if (utf8.size() > most_text_bytes) {
    base::reject(parts_.file, "", "cannot encode more than 1 GiB of text");
  }
  if (const size_t at = base::find_invalid_utf8(utf8); at != std::string_view::npos) {
    base::reject(parts_.file, fmt::format("byte {} of the text", at), "is not valid UTF-8");
  }
  try {
    return encode_valid(utf8);
  } catch (const base::Error& error) {  // of a pattern, which does not know whose it is
    throw base::Error(error.fault(), parts_.file, error.problems());
  }
}

std::vector<evals::Token> BpeTokenizer::encode_valid(std::string_view utf8) const {
  std::vector<evals::Token> out;
  Words words;
  std::deque<std::string> normalized;  // what the words are views of
  // The words up to here share one look at what was merged before.
  const auto flush = [&] {
    model_.encode(words.views, out);
    words.views.clear();
    words.rewritten.clear();
  };
  in_text_.for_each(utf8, [&](std::string_view stretch, const AddedToken* added) {
    if (added) {
      flush();
      out.push_back(added->id);
      return;
    }
    const bool is_start = stretch.data() == utf8.data();
    if (!parts_.normalizer.empty()) {
      stretch = normalized.emplace_back(normalize(parts_.normalizer, stretch));
    }
    in_normalized_.for_each(stretch, [&](std::string_view part, const AddedToken* token) {
      if (token) {
        flush();
        out.push_back(token->id);
      } else {
        pre_tokenize(parts_.pre_tokenizer, part, is_start && part.data() == stretch.data(), words);
      }
    });
  });
  flush();
  return out;
}

std::string BpeTokenizer::decode(const std::vector<evals::Token>& tokens) const {
  std::vector<std::string> contents;
  for (const evals::Token token : tokens) {
    const auto content = parts_.content_of.find(token);
    if (content == parts_.content_of.end()) {
      base::reject(parts_.file, "", fmt::format("token {} is not in the vocabulary", token));
    }
    const auto special = is_special_.find(token);
    if (special == is_special_.end() || !special->second) contents.push_back(content->second);
  }
  return decode_tokens(parts_.decoder, std::move(contents));
}

int64_t BpeTokenizer::vocabulary_size() const {
  int64_t size = 0;
  for (const auto& [token, content] : parts_.content_of) size = std::max<int64_t>(size, token + 1);
  return size;
}

}  // namespace checkpoint
