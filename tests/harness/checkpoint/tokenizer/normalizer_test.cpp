#include "harness/checkpoint/tokenizer/normalizer.h"

#include <gtest/gtest.h>

#include "tests/support/error_text.h"

namespace checkpoint {
namespace {

TEST(Normalizer, TakesItsStepsInTurn) {
  const std::vector<NormalizerStep> steps = {PrependText{" "}, ReplaceText{" ", "\u2581"}, ToNfc{}};
  EXPECT_EQ(normalize(steps, "a e\u0301"), "\u2581a\u2581\u00e9");
  EXPECT_EQ(normalize(steps, ""), "");
}

TEST(Normalizer, RefusesTextThatAStepMakesTooLong) {
  const std::vector<NormalizerStep> steps = {ReplaceText{"a", "bbbb"}, ReplaceText{"b", ""}};
  EXPECT_EQ(normalize(steps, "aa", 8), "");
  EXPECT_EQ(tests::error_text([&] { normalize(steps, "aaa", 8); }),
            "normalizer: makes 12 bytes of text of 3; at most 8 can be encoded in one go");
}

}  // namespace
}  // namespace checkpoint
