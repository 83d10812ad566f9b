#include "harness/checkpoint/tokenizer/added_tokens.h"

#include <algorithm>

#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

/// Where the white space begins that ends at `end`, not before `limit`.
size_t white_space_begin(std::string_view text, size_t end, size_t limit) {
  while (end > limit) {
    size_t begin = end - 1;
    while (begin > limit && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    if (!is_white_space(code_point_at(text, begin).value)) break;
    end = begin;
  }
  return end;
}

size_t white_space_end(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    const CodePoint here = code_point_at(text, begin);
    if (!is_white_space(here.value)) break;
    begin += here.bytes;
  }
  return begin;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens,
                                     const std::vector<std::string>& forms)
    : tokens_(std::move(tokens)) {
  for (size_t i = 0; i < forms.size(); ++i) {
    if (forms[i].empty() || !index_of_.try_emplace(forms[i], i).second) continue;
    lengths_[static_cast<unsigned char>(forms[i][0])].push_back(forms[i].size());
  }
  for (std::vector<size_t>& lengths : lengths_) {
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  }
}

const AddedToken* AddedTokenMatcher::find(std::string_view text, size_t at, size_t& bytes) const {
  for (const size_t length : lengths_[static_cast<unsigned char>(text[at])]) {
    if (length > text.size() - at) continue;
    const auto found = index_of_.find(std::string(text.substr(at, length)));
    if (found == index_of_.end()) continue;
    bytes = length;
    return &tokens_[found->second];
  }
  return nullptr;
}

void AddedTokenMatcher::for_each(
    std::string_view text,
    const std::function<void(std::string_view, const AddedToken*)>& call) const {
  size_t done = 0;
  size_t bytes = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = find(text, at, bytes);
    if (!token) {
      ++at;
      continue;
    }
    const size_t begin = token->strips_left ? white_space_begin(text, at, done) : at;
    const size_t end = token->strips_right ? white_space_end(text, at + bytes) : at + bytes;
    if (begin > done) call(text.substr(done, begin - done), nullptr);
    call(text.substr(begin, end - begin), token);
    at = done = end;
  }
  if (done < text.size()) call(text.substr(done), nullptr);
}

}  // namespace checkpoint
