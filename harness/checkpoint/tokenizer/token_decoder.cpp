#include "harness/checkpoint/tokenizer/token_decoder.h"

#include "harness/base/file.h"
#include "harness/checkpoint/tokenizer/byte_level.h"
#include "harness/checkpoint/tokenizer/byte_token.h"
#include "harness/checkpoint/tokenizer/normalizer.h"
#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

using Texts = std::vector<std::string>;

std::string joined(const Texts& texts) {
  std::string out;
  for (const std::string& text : texts) out += text;
  return out;
}

Texts applied(const DecodeByteLevel&, const Texts& texts) {
  std::string bytes;
  for (const std::string& text : texts) bytes += byte_level_bytes(text).value_or(text);
  return {replace_invalid_utf8(bytes)};
}

Texts applied(const DecodeByteFallback&, const Texts& texts) {
  Texts out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (base::find_invalid_utf8(bytes) == std::string_view::npos) {
      out.push_back(bytes);
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) out.emplace_back("\uFFFD");
    }
    bytes.clear();
  };
  for (const std::string& text : texts) {
    if (const auto byte = byte_of_token(text)) {
      bytes += static_cast<char>(*byte);
    } else {
      flush();
      out.push_back(text);
    }
  }
  flush();
  return out;
}

Texts applied(const DecodeReplace& step, Texts texts) {
  for (std::string& text : texts) text = replace_all(text, step.pattern, step.content);
  return texts;
}

Texts applied(const DecodeMetaspace& step, Texts texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i] = replace_all(texts[i], step.replacement, i == 0 && step.drops_first ? "" : " ");
  }
  return texts;
}

Texts applied(const DecodeStrip& step, Texts texts) {
  for (std::string& text : texts) {
    const size_t size = step.content.size();
    for (int64_t i = 0; i < step.start && text.starts_with(step.content); ++i) text.erase(0, size);
    for (int64_t i = 0; i < step.stop && text.ends_with(step.content); ++i) {
      text.erase(text.size() - size);
    }
  }
  return texts;
}

Texts applied(const DecodeFuse&, const Texts& texts) { return {joined(texts)}; }

}  // namespace

std::string decode_tokens(const std::vector<DecoderStep>& steps, std::vector<std::string> tokens) {
  for (const DecoderStep& step : steps) {
    tokens = std::visit([&](const auto& kind) { return applied(kind, std::move(tokens)); }, step);
  }
  return joined(tokens);
}

}  // namespace checkpoint
