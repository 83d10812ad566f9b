#include "evals/sentences.h"

namespace evals {
namespace {

constexpr size_t longest = 2000;

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

/// Bytes of the mark at `at`, or 0.
size_t match_any(std::string_view text, size_t at, std::initializer_list<std::string_view> marks) {
  for (const std::string_view mark : marks) {
    if (text.substr(at, mark.size()) == mark) return mark.size();
  }
  return 0;
}

/// End of the sentence whose last mark begins at `at`, or 0 when none ends here.
size_t end_behind_mark(std::string_view text, size_t at) {
  if (const size_t wide = match_any(text, at, {"。", "！", "？"})) return at + wide;
  if (!match_any(text, at, {".", "!", "?"})) return 0;
  size_t end = at + 1;
  while (const size_t closing = match_any(text, end, {"\"", "'", ")", "]", "”", "’"})) {
    end += closing;
  }
  return end < text.size() && is_space(text[end]) ? end : 0;
}

/// Where a sentence that has grown too long is cut; behind `begin`.
size_t forced_cut(std::string_view text, size_t begin, size_t end) {
  for (size_t cut = end; cut > begin + 1; --cut) {
    if (is_space(text[cut - 1])) return cut - 1;
  }
  while (end > begin + 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

std::vector<std::string_view> sentences(std::string_view text) {
  std::vector<std::string_view> found;
  size_t begin = 0;
  bool has_words = false;
  const auto end_at = [&](size_t end) {
    found.push_back(text.substr(begin, end - begin));
    begin = end;
    has_words = false;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    if (const size_t end = end_behind_mark(text, at)) {
      end_at(end);
      at = end - 1;
    } else if (has_words && text.substr(at, 2) == "\n\n") {
      end_at(at);
    } else if (at - begin >= longest) {
      end_at(forced_cut(text, begin, at));
    }
    if (at >= begin) has_words = has_words || !is_space(text[at]);
  }
  if (begin < text.size()) end_at(text.size());
  return found;
}

}  // namespace evals
