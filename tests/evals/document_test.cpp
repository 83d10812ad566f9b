#include "evals/document.h"

#include <gtest/gtest.h>

#include "tests/evals/support/message_of.h"

namespace evals {
namespace {

TEST(BadInput, ADocumentWhoseRangesDoNotFit) {
  Document document;
  document.trunk = {1, 2, 3};
  document.scored = {0, 4};
  document.branches = {{4, {1}, 0}, {0, {1}, 0}, {1, {1}, 2}};
  EXPECT_EQ(message_of([&] { validate(document); }),
            "document: scored: [0, 4) does not lie in a trunk of 3 tokens\n"
            "document: branches[0].fork: 4 does not lie in a trunk of 3 tokens\n"
            "document: branches[1].scored_from: 0: the first token of a path has nothing before it "
            "and cannot be scored\n"
            "document: branches[2].scored_from: 2 does not lie in a branch of 1 tokens");
  document = {{1, 2, 3}, {0, 2}, {}};
  EXPECT_EQ(message_of([&] { validate(document); }),
            "document: scored: token 0 has nothing before it and cannot be scored");
}

}  // namespace
}  // namespace evals
