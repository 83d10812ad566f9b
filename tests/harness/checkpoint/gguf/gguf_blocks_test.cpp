#include "harness/checkpoint/gguf/gguf_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/harness/checkpoint/gguf/described_gguf.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

std::vector<float> values(std::string_view type, const std::string& block) {
  std::vector<float> out(static_cast<size_t>(gguf_type(type)->elements));
  dequantize(*gguf_type(type), std::as_bytes(std::span(block)), out);
  return out;
}

TEST(GgufBlocks, LowNibblesAreTheFirstHalf) {
  std::string block("\x00\x3c", 2);  // d = 1
  for (int i = 0; i < 16; ++i) block += static_cast<char>(i | (15 - i) << 4);
  const auto out = values("Q4_0", block);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(out[i], static_cast<float>(i) - 8);
    EXPECT_EQ(out[16 + i], 7 - static_cast<float>(i));
  }
}

TEST(GgufBlocks, EveryTypeEqualsTheGgufPackageBitByBit) {
  const tests::TemporaryFolder folder;
  const std::string theirs = tests::described_by_peer("write", folder.path() / "f.gguf");
  EXPECT_EQ(std::count(theirs.begin(), theirs.end(), '\n'), 8 + 8 + 1);
  EXPECT_EQ(tests::described_gguf(folder.path() / "f.gguf"), theirs);
}

}  // namespace
}  // namespace checkpoint
