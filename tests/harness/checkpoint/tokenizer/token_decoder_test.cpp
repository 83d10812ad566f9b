#include "harness/checkpoint/tokenizer/token_decoder.h"

#include <gtest/gtest.h>

namespace checkpoint {
namespace {

TEST(TokenDecoder, ReadsByteLevelTokensAcrossTheirBorders) {
  EXPECT_EQ(decode_tokens({DecodeByteLevel{}}, {"\u0120a", "\u00c3", "\u00a9"}), " a\u00e9");
  EXPECT_EQ(decode_tokens({DecodeByteLevel{}}, {"\u00c3", "b"}), "\uFFFDb");
  EXPECT_EQ(decode_tokens({DecodeByteLevel{}}, {"\u4e00 x"}), "\u4e00 x");  // no byte-level token
}

TEST(TokenDecoder, UndoesSentencePieceStyle) {
  const std::vector<DecoderStep> steps{DecodeReplace{"\u2581", " "}, DecodeByteFallback{},
                                       DecodeFuse{}, DecodeStrip{" ", 1, 0}};
  EXPECT_EQ(decode_tokens(steps, {"\u2581\u2581a", "<0xC3>", "<0xA9>", "b"}), " a\u00e9b");
  EXPECT_EQ(decode_tokens(steps, {"<0xC3>", "<0x28>", "b"}), "\uFFFD\uFFFDb");
  EXPECT_EQ(decode_tokens(steps, {}), "");
}

TEST(TokenDecoder, MetaspaceDropsSpacesOfTheFirstTokenOnly) {
  EXPECT_EQ(decode_tokens({DecodeMetaspace{"\u2581", true}}, {"\u2581a", "\u2581b"}), "a b");
  EXPECT_EQ(decode_tokens({DecodeMetaspace{"\u2581", false}}, {"\u2581a", "\u2581b"}), " a b");
}

}  // namespace
}  // namespace checkpoint
