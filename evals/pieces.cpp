#include "evals/pieces.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"

namespace evals {

Pieces::Pieces(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  for (const std::string_view anchor : {"\n", ".", "a"}) {
    anchors_.push_back({std::string(anchor), tokenizer.encode(anchor)});
  }
}

std::vector<Token> Pieces::operator()(std::string_view text) const {
  for (const auto& [anchor, head] : anchors_) {
    const std::vector<Token> whole = tokenizer_.encode(anchor + std::string(text));
    if (!head.empty() && whole.size() >= head.size() &&
        std::equal(head.begin(), head.end(), whole.begin())) {
      return {whole.begin() + static_cast<std::ptrdiff_t>(head.size()), whole.end()};
    }
  }
  throw base::Error(base::Fault::input, "tokenizer",
                    {fmt::format("\"{}\"", text.substr(0, 40)),
                     "has no tokens of its own behind a newline, a full stop or a letter",
                     "prompts are put together from pieces; use a tokenizer that does not merge "
                     "across them"});
}

std::vector<Token> continue_with(const Tokenizer& tokenizer, std::string_view text) {
  return Pieces(tokenizer)(text);
}

std::string fill_in(std::string_view text, std::string_view name, std::string_view value) {
  const std::string hole = fmt::format("{{{}}}", name);
  std::string filled(text);
  for (size_t at = filled.find(hole); at != std::string::npos;
       at = filled.find(hole, at + value.size())) {
    filled.replace(at, hole.size(), value);
  }
  return filled;
}

}  // namespace evals
