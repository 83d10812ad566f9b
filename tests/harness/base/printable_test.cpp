#include "harness/base/printable.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace base {
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

TEST(Printable, AnErrorIsOneLineForEachProblemWhateverItsNamesHold) {
  const Error error(Fault::input, "config.json",
                    std::vector<Problem>{{"/a\x1b[2J", "unknown key", ""},
                                         {"/b\nropewalk: all is well", "missing", ""}});
  EXPECT_STREQ(error.what(),
               "config.json: /a\\x1b[2J: unknown key\n"
               "config.json: /b\\x0aropewalk: all is well: missing");
  EXPECT_EQ(error.problems()[0].place, "/a\x1b[2J");
}

}  // namespace
}  // namespace base
