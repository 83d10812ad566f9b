#include "evals/sentences.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

namespace evals {
namespace {

using testing::ElementsAre;

TEST(Sentences, JoinToTheSameText) {
  const std::string text =
      "Mr. Bennet (so he said). \"Is it?\" 3.14 is pi!\n\nNext paragraph\n\nLast。中文！ok" +
      std::string(5000, 'x');
  std::string joined;
  for (const std::string_view sentence : sentences(text)) {
    joined += sentence;
    EXPECT_LE(sentence.size(), 2000u);
  }
  EXPECT_EQ(joined, text);
}

TEST(Sentences, EndBehindMarksAndBeforeEmptyLines) {
  EXPECT_THAT(sentences("One is. \"Two?\" 3.14 is pi!\n\nNo mark\n\nEnd"),
              ElementsAre("One is.", " \"Two?\"", " 3.14 is pi!", "\n\nNo mark", "\n\nEnd"));
}

}  // namespace
}  // namespace evals
