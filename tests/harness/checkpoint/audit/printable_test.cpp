#include "harness/checkpoint/audit/printable.h"

#include <gtest/gtest.h>

namespace audit {
namespace {

TEST(Printable, ListsAFewOfManyNames) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a", "b"}), "a, b");
  EXPECT_EQ(listed({"a", "b", "c", "d", "e", "f", "g", "h"}), "a, b, c, d, e, f and 2 more");
}

TEST(Printable, GroupsDigits) {
  EXPECT_EQ(with_commas(int64_t{0}), "0");
  EXPECT_EQ(with_commas(int64_t{999}), "999");
  EXPECT_EQ(with_commas(int64_t{34388917248}), "34,388,917,248");
  EXPECT_EQ(with_commas(5e6), "5,000,000");
  EXPECT_EQ(with_commas(10000.5), "10000.5");
  EXPECT_EQ(with_commas(1e300), "1e+300");
}

TEST(Printable, WrapsAtAHundredColumns) {
  const std::string word(40, 'w');
  EXPECT_EQ(wrapped(word + " " + word + " " + word, "  "),
            "  " + word + " " + word + "\n  " + word + "\n");
  EXPECT_EQ(wrapped(std::string(120, 'x'), " "), " " + std::string(120, 'x') + "\n");
}

}  // namespace
}  // namespace audit
