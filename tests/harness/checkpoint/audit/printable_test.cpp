#include "harness/checkpoint/audit/printable.h"

#include <gtest/gtest.h>

namespace audit {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  for (const char* text : {"", "model.layers.0.ln1", "größe 模型 🧵", "tab-less \\x1b"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, SpellsOutWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[2J\n\x7f"), "a\\x1b[2J\\x0a\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\u009b31m"), "\\x9b31m");            // an escape sequence in one character
  EXPECT_EQ(printable("nib.\u202etxt"), "nib.\\u202etxt");  // shown backwards
  EXPECT_EQ(printable("a\u2028b\u2066"), "a\\u2028b\\u2066");
}

TEST(Printable, SpellsOutBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff\xc3z"), "a\\xff\\xc3z");
  EXPECT_EQ(printable("\xe6\xa8"), "\\xe6\\xa8");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a surrogate pair
}

TEST(Printable, ListsAFewOfManyNames) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a", "b"}), "a, b");
  EXPECT_EQ(listed({"a", "b", "c", "d", "e", "f", "g", "h"}), "a, b, c, d, e, f and 2 more");
}

TEST(Printable, GroupsDigits) {
  EXPECT_EQ(grouped(int64_t{0}), "0");
  EXPECT_EQ(grouped(int64_t{999}), "999");
  EXPECT_EQ(grouped(int64_t{34388917248}), "34,388,917,248");
  EXPECT_EQ(grouped(5e6), "5,000,000");
  EXPECT_EQ(grouped(10000.5), "10000.5");
  EXPECT_EQ(grouped(1e300), "1e+300");
}

TEST(Printable, WrapsAtAHundredColumns) {
  const std::string word(40, 'w');
  EXPECT_EQ(wrapped(word + " " + word + " " + word, "  "),
            "  " + word + " " + word + "\n  " + word + "\n");
  EXPECT_EQ(wrapped(std::string(120, 'x'), " "), " " + std::string(120, 'x') + "\n");
}

}  // namespace
}  // namespace audit
