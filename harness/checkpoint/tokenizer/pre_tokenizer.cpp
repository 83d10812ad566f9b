#include "harness/checkpoint/tokenizer/pre_tokenizer.h"

#include "harness/checkpoint/tokenizer/normalizer.h"

namespace checkpoint {
namespace {

struct Piece {
  size_t begin = 0;
  size_t end = 0;
  bool is_match = false;
};

/// Matches and what lies between them, covering the whole text.
std::vector<Piece> pieces_of(const Split& split, std::string_view text) {
  std::vector<Piece> pieces;
  size_t covered = 0;
  split.pattern->for_each_match(text, [&](size_t begin, size_t end) {
    if (begin > covered) pieces.push_back({covered, begin, split.invert});
    pieces.push_back({begin, end, !split.invert});
    covered = end;
  });
  if (covered < text.size()) pieces.push_back({covered, text.size(), split.invert});
  return pieces;
}

/// Whether a piece continues the word that the piece before it is part of.
bool continues(SplitBehavior behavior, const Piece& before, const Piece& piece) {
  switch (behavior) {
    case SplitBehavior::merged_with_previous:
      return piece.is_match && !before.is_match;
    case SplitBehavior::merged_with_next:
      return before.is_match && !piece.is_match;
    case SplitBehavior::contiguous:
      return before.is_match == piece.is_match;
    case SplitBehavior::removed:
    case SplitBehavior::isolated:
      return false;
  }
  return false;
}

void cut(const Split& split, std::string_view text, bool, Words& words) {
  const std::vector<Piece> pieces = pieces_of(split, text);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (split.behavior == SplitBehavior::removed && piece.is_match) continue;
    const std::string_view view = text.substr(piece.begin, piece.end - piece.begin);
    if (i > 0 && continues(split.behavior, pieces[i - 1], piece)) {
      std::string_view& word = words.views.back();
      word = {word.data(), word.size() + view.size()};
    } else {
      words.views.push_back(view);
    }
  }
}

void cut(const Metaspace& step, std::string_view text, bool is_start, Words& words) {
  std::string out = replace_all(text, " ", step.replacement);
  const bool prepends = step.prepend == Metaspace::Prepend::always ||
                        (step.prepend == Metaspace::Prepend::first && is_start);
  if (prepends && !out.starts_with(step.replacement)) out.insert(0, step.replacement);
  std::string_view rest = words.rewritten.emplace_back(std::move(out));
  while (step.split && !rest.empty()) {
    const size_t end = std::min(rest.find(step.replacement, 1), rest.size());
    words.views.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  if (!rest.empty()) words.views.push_back(rest);
}

void cut(const PrefixSpace&, std::string_view text, bool, Words& words) {
  const bool has_one = text.starts_with(' ');
  words.views.push_back(has_one ? text : words.rewritten.emplace_back(" " + std::string(text)));
}

}  // namespace

const std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

const std::string_view numeric_pattern = R"([\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}])";

void pre_tokenize(const std::vector<PreTokenizerStep>& steps, std::string_view stretch,
                  bool is_start, Words& words) {
  if (stretch.empty()) return;
  const size_t begin = words.views.size();
  words.views.push_back(stretch);
  std::vector<std::string_view> before;
  for (const PreTokenizerStep& step : steps) {
    before.assign(words.views.begin() + static_cast<std::ptrdiff_t>(begin), words.views.end());
    words.views.resize(begin);
    for (size_t i = 0; i < before.size(); ++i) {
      std::visit([&](const auto& kind) { cut(kind, before[i], is_start && i == 0, words); }, step);
    }
  }
}

}  // namespace checkpoint
