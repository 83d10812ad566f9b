#include "harness/checkpoint/tokenizer/bpe_model.h"

#include <gtest/gtest.h>

namespace checkpoint {
namespace {

using Tokens = std::vector<evals::Token>;

/// a b c d ab bc abc dd, and a space.
BpeVocabulary small_vocabulary() {
  BpeVocabulary vocabulary;
  vocabulary.token_of = {{"a", 0},  {"b", 1},   {"c", 2},  {"d", 3}, {"ab", 4},
                         {"bc", 5}, {"abc", 6}, {"dd", 7}, {" ", 8}};
  vocabulary.merges = {{1, 2, 5, 0}, {0, 1, 4, 1}, {4, 2, 6, 2}, {3, 3, 7, 3}};
  return vocabulary;
}

Tokens encode(const BpeVocabulary& vocabulary, const std::vector<std::string_view>& words) {
  Tokens out;
  BpeModel(vocabulary).encode(words, out);
  return out;
}

TEST(BpeModel, MergesTheLowestRankFirstAndTheLeftmostOfEqualOnes) {
  EXPECT_EQ(encode(small_vocabulary(), {"abc"}), (Tokens{0, 5}));  // b c comes before a b
  EXPECT_EQ(encode(small_vocabulary(), {"ab", "c"}), (Tokens{4, 2}));
  EXPECT_EQ(encode(small_vocabulary(), {"ddd"}), (Tokens{7, 3}));
  EXPECT_EQ(encode(small_vocabulary(), {"", "d"}), (Tokens{3}));
}

TEST(BpeModel, TakesAWholeWordWhereMergesAreIgnored) {
  BpeVocabulary vocabulary = small_vocabulary();
  vocabulary.ignores_merges = true;
  EXPECT_EQ(encode(vocabulary, {"abc", "abcd"}), (Tokens{6, 0, 5, 3}));
}

TEST(BpeModel, CutsLongWordsWhereNoMergeCanCross) {
  std::string text;
  Tokens expected;
  for (int i = 0; i < 1000; ++i) {
    text += "ab dd abc ";
    for (const evals::Token token : {4, 8, 7, 8, 0, 5, 8}) expected.push_back(token);
  }
  EXPECT_EQ(encode(small_vocabulary(), {text}), expected);
}

TEST(BpeModel, LongWordsWithoutASeamTakeLittleTime) {
  const std::string run(2'000'000, 'd');
  EXPECT_EQ(encode(small_vocabulary(), {run}), Tokens(1'000'000, 7));
}

TEST(BpeModel, FallsBackToBytesThenToUnknownThenToNothing) {
  BpeVocabulary vocabulary = small_vocabulary();
  vocabulary.alphabet = Alphabet::characters;
  EXPECT_EQ(encode(vocabulary, {"a\u00e9\u00e9b"}), (Tokens{4}));  // as the tokenizers library does
  vocabulary.unknown = 9;
  EXPECT_EQ(encode(vocabulary, {"a\u00e9\u00e9b"}), (Tokens{0, 9, 9, 1}));
  vocabulary.fuses_unknown = true;
  EXPECT_EQ(encode(vocabulary, {"a\u00e9\u00e9b"}), (Tokens{0, 9, 1}));
  std::array<evals::Token, 256> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<evals::Token>(1000 + i);
  vocabulary.byte_tokens = bytes;
  EXPECT_EQ(encode(vocabulary, {"a\u00e9"}), (Tokens{0, 1000 + 0xC3, 1000 + 0xA9}));
}

TEST(BpeModel, FusesARunOfUnknownCharactersThroughALongWord) {
  BpeVocabulary vocabulary = small_vocabulary();
  vocabulary.alphabet = Alphabet::characters;
  vocabulary.unknown = 9;
  vocabulary.fuses_unknown = true;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\u00e9";
  EXPECT_EQ(encode(vocabulary, {"a" + text + "b"}), (Tokens{0, 9, 1}));
}

TEST(MergeTable, FindsEveryPairAndTheLastOfTwo) {
  std::vector<Merge> merges;
  for (int i = 0; i < 2000; ++i) merges.push_back({i, i * 7 % 2000, i, i});
  merges.push_back({5, 35, 77, 9999});
  const MergeTable table(merges);
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(table.find(i, i * 7 % 2000)->rank, i == 5 ? 9999 : i);
  }
  EXPECT_EQ(table.find(5, 35)->merged, 77);
  EXPECT_EQ(table.find(5, 36), nullptr);
  EXPECT_EQ(table.find(-1, -1), nullptr);
}

}  // namespace
}  // namespace checkpoint
