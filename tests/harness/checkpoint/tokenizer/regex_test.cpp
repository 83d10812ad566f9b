#include "harness/checkpoint/tokenizer/regex.h"

#include <gtest/gtest.h>

#include "harness/checkpoint/tokenizer/pre_tokenizer.h"

namespace checkpoint {
namespace {

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  base::Problems problems;
  const auto regex = Regex::compile(pattern, "/p", problems);
  problems.throw_if_any("f");
  std::vector<std::string> out;
  regex->for_each_match(
      text, [&](size_t begin, size_t end) { out.emplace_back(text.substr(begin, end - begin)); });
  return out;
}

std::string pattern_refusal(std::string_view pattern) {
  base::Problems problems;
  EXPECT_EQ(Regex::compile(pattern, "/p", problems), nullptr);
  EXPECT_EQ(problems.found().size(), 1u);
  return problems.found().empty() ? "" : problems.found()[0].cause;
}

using Texts = std::vector<std::string>;

TEST(Regex, KnowsUnicodeCategoriesAndLookahead) {
  EXPECT_EQ(matches(gpt2_pattern, "I'm  \u00e9t\u00e9 42!\n"),
            (Texts{"I", "'m", " ", " \u00e9t\u00e9", " 42", "!", "\n"}));
  EXPECT_EQ(matches("(?i:'s|'ll)", "'S 'Ll '\u017f"), (Texts{"'S", "'Ll", "'\u017f"}));
}

TEST(Regex, SeesCharactersThatAreNewerThanItsLibraryAsWhatTheyAre) {
  // U+1C89 (Lu) and U+31350 (Lo) are of Unicode 16 and 15, U+10D40 (Nd) of 16.
  const std::string text = "\u1c89\U00031350 \U00010d40";
  EXPECT_EQ(matches("\\p{L}+", text), (Texts{"\u1c89\U00031350"}));
  EXPECT_EQ(matches("\\p{N}", text), (Texts{"\U00010d40"}));
}

TEST(Regex, TakesTheWhiteSpaceOfUnicode) {
  EXPECT_EQ(matches("\\s", "a\u0085\u00a0\u3000b"), (Texts{"\u0085", "\u00a0", "\u3000"}));
  EXPECT_EQ(matches("\\s", "\u180e\u200b"), Texts{});  // PCRE2 alone takes U+180E
}

TEST(Regex, GoesThroughLongRuns) {
  for (const char* unit : {" ", "a", "\n", "1", "\u4e00"}) {
    std::string text;
    for (int i = 0; i < 300'000; ++i) text += unit;
    EXPECT_EQ(matches(gpt2_pattern, text).size(), 1u) << unit;
  }
}

TEST(Regex, RefusesByNameWhatMeansSomethingElseElsewhere) {
  EXPECT_EQ(pattern_refusal("a\\w"), "uses \"\\w\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("\\p{Han}+"),
            "uses \"\\p{Han}+\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("(a)"), "uses \"(a)\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("^a"), "uses \"^a\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("[a[b]]"), "uses \"[b]]\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("[a&&b]"), "uses \"&&b]\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("a{2}+"), "uses \"{2}+\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("a(?R)"), "uses \"(?R)\", which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("a*"), "may match nothing, which is not supported in a pattern");
  EXPECT_EQ(pattern_refusal("[a"),
            "is not a pattern: missing terminating ] for character class at byte 2");
  EXPECT_EQ(pattern_refusal(std::string(4097, 'a')),
            "has 4097 bytes, more than the 4096 that are read");
}

}  // namespace
}  // namespace checkpoint
