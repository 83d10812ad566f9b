#include "harness/checkpoint/tokenizer/unicode.h"

#include <gtest/gtest.h>

#include "harness/checkpoint/tokenizer/byte_level.h"
#include "harness/checkpoint/tokenizer/byte_token.h"

namespace checkpoint {
namespace {

TEST(Unicode, ComposesAsOldTablesDo) {
  EXPECT_EQ(to_nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc("\u1100\u1161\u11a8"), "\uac01");                  // Hangul
  EXPECT_EQ(to_nfc("\U00011935\U00011930"), "\U00011935\U00011930");  // composes since Unicode 13
  // Marks are put into order by tables of Unicode 9: U+0EBA became a mark that moves in Unicode 12.
  EXPECT_EQ(to_nfc("\u0eba\u0eb8"), "\u0eba\u0eb8");
  EXPECT_EQ(to_nfc("\u0301\u0323"), "\u0323\u0301");
}

TEST(Unicode, ReplacesEveryMaximalIllFormedPart) {
  EXPECT_EQ(replace_invalid_utf8("a\xE2\x82z\xFF\xC3\xA9"), "a\uFFFDz\uFFFD\u00e9");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(Unicode, StandsInForNewCharactersByteForByte) {
  EXPECT_EQ(with_known_characters("old \u00e9\u4e00\U0001f600"), std::nullopt);
  EXPECT_EQ(with_known_characters("a\u1c89b\U00031350c"), "a\u10a0b\U00010000c");
  EXPECT_EQ(with_known_characters("\U000323af\U000323b0"), "\U00010000\U000323b0");
}

TEST(Unicode, KnowsWhiteSpace) {
  int64_t count = 0;
  for (char32_t c = 0; c < 0x110000; ++c) count += is_white_space(c) ? 1 : 0;
  EXPECT_EQ(count, 25);  // PropList.txt, White_Space
}

TEST(ByteLevel, WritesEveryByteAndReadsItBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string text = byte_level_text(bytes);
  EXPECT_EQ(byte_level_bytes(text), bytes);
  EXPECT_EQ(byte_level_text(" a\n\u00e9"), "\u0120a\u010a\u00c3\u00a9");
  EXPECT_EQ(byte_level_bytes("\u2581"), std::nullopt);
  EXPECT_EQ(byte_level_bytes("a b"), std::nullopt);  // a space is written as U+0120
}

TEST(ByteToken, IsReadInEitherCase) {
  EXPECT_EQ(byte_token(0xE2), "<0xE2>");
  EXPECT_EQ(byte_of_token("<0xe2>"), 0xE2);
  for (const char* other : {"<0xE>", "<0xE2", "<0xG0>", "<0x+1>", "<0x-1>", "0xE2", ""}) {
    EXPECT_EQ(byte_of_token(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace checkpoint
