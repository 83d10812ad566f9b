#include "harness/checkpoint/tokenizer/added_tokens.h"

#include <gtest/gtest.h>

namespace checkpoint {
namespace {

/// Stretches as they are, tokens as [id:text].
std::string marked(const std::vector<AddedToken>& tokens, std::string_view text) {
  std::vector<std::string> forms;
  for (const AddedToken& token : tokens) forms.push_back(token.content);
  std::string out;
  AddedTokenMatcher(tokens, forms)
      .for_each(text, [&](std::string_view part, const AddedToken* token) {
        EXPECT_FALSE(part.empty());
        if (token) out += "[" + std::to_string(token->id) + ":";
        out += part;
        if (token) out += "]";
      });
  return out;
}

AddedToken token(evals::Token id, std::string content, bool left = false, bool right = false) {
  return {id, std::move(content), left, right, false, false};
}

TEST(AddedTokens, TakesTheLeftmostAndOfThoseTheLongest) {
  const std::vector<AddedToken> tokens{token(1, "<a"), token(2, "<a>b"), token(3, "b<")};
  EXPECT_EQ(marked(tokens, "x<a>b<a<"), "x[2:<a>b][1:<a]<");
  EXPECT_EQ(marked(tokens, "b<a>b"), "[3:b<]a>b");
  EXPECT_EQ(marked(tokens, ""), "");
  EXPECT_EQ(marked(tokens, "<"), "<");
}

TEST(AddedTokens, StripsWhiteSpaceOfAllKindsButNotTwice) {
  EXPECT_EQ(marked({token(1, "<m>", true, false)}, "a \u3000<m> b"), "a[1: \u3000<m>] b");
  EXPECT_EQ(marked({token(1, "<m>", false, true)}, "a <m>\n\u00a0b"), "a [1:<m>\n\u00a0]b");
  EXPECT_EQ(marked({token(1, "<m>", true, true)}, "<m> <m>"), "[1:<m> ][1:<m>]");
  EXPECT_EQ(marked({token(1, "<m>", true, true)}, "  <m>  "), "[1:  <m>  ]");
}

TEST(AddedTokens, AnEmptyOneIsNeverFound) { EXPECT_EQ(marked({token(1, "")}, "ab"), "ab"); }

}  // namespace
}  // namespace checkpoint
