#include "harness/checkpoint/tokenizer/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace checkpoint {
namespace {

/// ICU takes an error code everywhere; these calls fail only when its data are missing.
void require_success(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) throw std::runtime_error(std::string(what) + ": " + u_errorName(status));
}

const icu::Normalizer2& nfc() {
  // Never destroyed, as ICU's own instances: other threads may normalize until the process ends.
  static const icu::Normalizer2* const filtered = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* all = icu::Normalizer2::getNFCInstance(status);
    auto* old = new icu::UnicodeSet(icu::UnicodeString("[:age=9.0:]"), status);
    require_success(status, "ICU");
    old->freeze();
    return new icu::FilteredNormalizer2(*all, *old);
  }();
  return *filtered;
}

}  // namespace

size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

CodePoint code_point_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const size_t bytes = utf8_length(byte(0));
  if (bytes == 1) return {byte(0), 1};
  char32_t value = byte(0) & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) value = value << 6 | (byte(i) & 0x3Fu);
  return {value, bytes};
}

bool is_white_space(char32_t value) {
  return (value >= 0x09 && value <= 0x0D) || value == 0x20 || value == 0x85 || value == 0xA0 ||
         value == 0x1680 || (value >= 0x2000 && value <= 0x200A) || value == 0x2028 ||
         value == 0x2029 || value == 0x202F || value == 0x205F || value == 0x3000;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  const auto size = static_cast<int32_t>(bytes.size());
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(bytes.data(), size)).toUTF8String(out);
  return out;
}

std::string to_nfc(std::string_view utf8) {
  const bool is_ascii = std::all_of(utf8.begin(), utf8.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return std::string(utf8);
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  nfc().normalizeUTF8(0, icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())), sink,
                      nullptr, status);
  require_success(status, "ICU");
  return out;
}

}  // namespace checkpoint
