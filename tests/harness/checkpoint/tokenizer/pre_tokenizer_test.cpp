#include "harness/checkpoint/tokenizer/pre_tokenizer.h"

#include <gtest/gtest.h>

namespace checkpoint {
namespace {

using Texts = std::vector<std::string>;

Texts words(const std::vector<PreTokenizerStep>& steps, std::string_view text,
            bool is_start = true) {
  Words cut;
  pre_tokenize(steps, text, is_start, cut);
  return {cut.views.begin(), cut.views.end()};
}

Split split(std::string_view pattern, SplitBehavior behavior, bool invert = false) {
  base::Problems problems;
  return {Regex::compile(pattern, "", problems), behavior, invert};
}

// The table in the documentation of the tokenizers library: "the-final--countdown" at "-".
TEST(PreTokenizer, SplitsInFiveWays) {
  const std::string text = "the-final--countdown";
  EXPECT_EQ(words({split("-", SplitBehavior::removed)}, text),
            (Texts{"the", "final", "countdown"}));
  EXPECT_EQ(words({split("-", SplitBehavior::isolated)}, text),
            (Texts{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(words({split("-", SplitBehavior::merged_with_previous)}, text),
            (Texts{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(words({split("-", SplitBehavior::merged_with_next)}, text),
            (Texts{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(words({split("-", SplitBehavior::contiguous)}, text),
            (Texts{"the", "-", "final", "--", "countdown"}));
  EXPECT_EQ(words({split("[a-z]+", SplitBehavior::removed, true)}, text),
            (Texts{"the", "final", "countdown"}));
}

TEST(PreTokenizer, RunsEachStepOnTheWordsOfTheOneBefore) {
  const Split digits = split(numeric_pattern, SplitBehavior::isolated);
  const Split gpt2 = split(gpt2_pattern, SplitBehavior::isolated);
  EXPECT_EQ(words({digits, gpt2}, "a 12 b"), (Texts{"a", " ", "1", "2", " b"}));
  EXPECT_EQ(words({gpt2}, "a 12 b"), (Texts{"a", " 12", " b"}));
}

TEST(PreTokenizer, MetaspaceBeginsWordsAtSpaces) {
  const Metaspace always{"\u2581", Metaspace::Prepend::always, true};
  EXPECT_EQ(words({always}, "a  b"), (Texts{"\u2581a", "\u2581", "\u2581b"}));
  EXPECT_EQ(words({always}, " a"), (Texts{"\u2581a"}));
  const Metaspace first{"\u2581", Metaspace::Prepend::first, false};
  EXPECT_EQ(words({first}, "a b"), (Texts{"\u2581a\u2581b"}));
  EXPECT_EQ(words({first}, "a b", false), (Texts{"a\u2581b"}));
}

TEST(PreTokenizer, PrefixSpaceComesOnce) {
  EXPECT_EQ(words({PrefixSpace{}}, "a"), Texts{" a"});
  EXPECT_EQ(words({PrefixSpace{}}, " a"), Texts{" a"});
  EXPECT_EQ(words({PrefixSpace{}}, "\ta"), Texts{" \ta"});
  EXPECT_EQ(words({PrefixSpace{}}, ""), Texts{});
}

}  // namespace
}  // namespace checkpoint
