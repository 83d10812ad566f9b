#include "evals/haystack.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/evals/support/message_of.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

TEST(BadInput, NaturalTextWithoutACorpusOrWithAShortOne) {
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  EXPECT_EQ(message_of([&] { Retrieval(protocol_named("niah/text"), tokenizer); }),
            "niah/text: corpus: is missing; name the text files that the hay is cut from");
  const std::shared_ptr<const Haystack> hay =
      text_haystack(*tokenizer, {document_of("short.txt", "A few words. And more.")});
  const Retrieval niah(protocol_named("niah/text"), tokenizer, hay);
  EXPECT_EQ(
      message_of([&] { niah.prompt(trial_at(2000, 0.5)); }),
      "haystack: short.txt: is the longest document and has 22 tokens, 1,743 are needed; add a "
      "longer document or leave out this length");
  EXPECT_EQ(message_of([&] { text_haystack(*tokenizer, {}); }),
            "haystack: has no document; give at least one text file");
}

}  // namespace
}  // namespace evals
