#include "harness/checkpoint/tokenizer/normalizer.h"

#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

std::string applied(const PrependText& step, std::string text) {
  return text.empty() ? text : step.text + text;
}

std::string applied(const ReplaceMatches& step, const std::string& text) {
  std::string out;
  size_t copied = 0;
  step.pattern->for_each_match(text, [&](size_t begin, size_t end) {
    out.append(text, copied, begin - copied).append(step.content);
    copied = end;
  });
  return out.append(text, copied);
}

std::string applied(const ReplaceText& step, const std::string& text) {
  return replace_all(text, step.text, step.content);
}

std::string applied(const ToNfc&, const std::string& text) { return to_nfc(text); }

}  // namespace

std::string replace_all(std::string_view text, std::string_view pattern, std::string_view content) {
  std::string out;
  out.reserve(text.size());
  size_t copied = 0;
  for (size_t at = text.find(pattern); at != std::string_view::npos;
       at = text.find(pattern, copied)) {
    out.append(text.substr(copied, at - copied)).append(content);
    copied = at + pattern.size();
  }
  return out.append(text.substr(copied));
}

std::string normalize(const std::vector<NormalizerStep>& steps, std::string_view utf8,
                      size_t most_bytes) {
  std::string text(utf8);
  for (const NormalizerStep& step : steps) {
    text = std::visit([&](const auto& kind) { return applied(kind, std::move(text)); }, step);
    if (text.size() > most_bytes) {
      base::reject("", "normalizer",
                   fmt::format("makes {} bytes of text of {}", text.size(), utf8.size()),
                   fmt::format("at most {} can be encoded in one go", most_bytes));
    }
  }
  return text;
}

}  // namespace checkpoint
