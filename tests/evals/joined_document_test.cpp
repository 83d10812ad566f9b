#include "evals/joined_document.h"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace evals {
namespace {

/// `length` tokens, the last 3 scored: those of a common text up to `own`, then the path's own.
Document path(int64_t length, int64_t own, Token mark) {
  Document document;
  document.trunk.resize(static_cast<size_t>(length));
  std::iota(document.trunk.begin(), document.trunk.end(), 0);
  for (int64_t at = own; at < length; ++at) document.trunk[static_cast<size_t>(at)] += 10000 * mark;
  document.scored = {length - 3, length};
  return document;
}

std::vector<Token> path_of(const Document& joined, size_t index) {
  const Branch& branch = joined.branches[index];
  std::vector<Token> tokens(joined.trunk.begin(), joined.trunk.begin() + branch.fork);
  tokens.insert(tokens.end(), branch.tokens.begin(), branch.tokens.end());
  return tokens;
}

TEST(JoinedDocument, HoldsEveryPathOnceFromTheBlockWhereItDiffers) {
  const std::vector<Document> documents = {path(3000, 700, 1), path(3000, 2100, 2),
                                           path(2900, 1024, 3), path(3000, 2600, 4),
                                           path(3000, 100, 5)};
  const Document joined = join(documents);
  validate(joined);
  EXPECT_EQ(joined.trunk.size(), 2048u) << "what the two deepest share";
  const int64_t forks[] = {512, 2048, 1024, 2048, 0};
  ASSERT_EQ(joined.branches.size(), documents.size());
  for (size_t index = 0; index < documents.size(); ++index) {
    const Branch& branch = joined.branches[index];
    EXPECT_EQ(branch.fork, forks[index]) << index;
    EXPECT_EQ(path_of(joined, index), documents[index].trunk) << index;
    EXPECT_EQ(branch.fork + branch.scored_from, documents[index].scored.begin) << index;
  }
}

TEST(JoinedDocument, SharesNoScoredToken) {
  const std::vector<Document> documents(4, path(1024, 1024, 0));
  const Document joined = join(documents);
  EXPECT_EQ(joined.trunk.size(), 512u);
  for (const Branch& branch : joined.branches) {
    EXPECT_EQ(branch.fork, 512);
    EXPECT_EQ(branch.scored_from, 1024 - 512 - 3);
  }
}

TEST(JoinedDocument, IsTheDocumentItselfWhenThereIsOne) {
  const Document one = path(600, 600, 0);
  const Document joined = join({one});
  EXPECT_EQ(joined.trunk, one.trunk);
  EXPECT_EQ(joined.scored, one.scored);
  EXPECT_TRUE(joined.branches.empty());
}

TEST(JoinedDocument, GivesEveryPathItsScoresBack) {
  const TokenScore first{-1, 5, 0};
  const TokenScore second{-2, 6, 1};
  const std::vector<Scores> parts = part({{}, {{first}, {second, first}}}, 2);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].trunk, std::vector<TokenScore>{first});
  EXPECT_EQ(parts[1].trunk, (std::vector<TokenScore>{second, first}));
  EXPECT_EQ(part({{second}, {}}, 1).front().trunk, std::vector<TokenScore>{second});
  EXPECT_THROW(part({{}, {{first}}}, 2), std::invalid_argument);
}

TEST(JoinedDocument, RefusesWhatIsNotAPathScoredAtItsEnd) {
  EXPECT_THROW(join({}), std::invalid_argument);
  Document early = path(600, 600, 0);
  early.scored = {500, 510};
  EXPECT_THROW(join({early, early}), std::invalid_argument);
  Document forked = path(600, 600, 0);
  forked.branches.push_back({600, {1, 2}, 0});
  EXPECT_THROW(join({forked, forked}), std::invalid_argument);
}

}  // namespace
}  // namespace evals
