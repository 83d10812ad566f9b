#include "evals/retrieval.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "tests/evals/support/landmark_text.h"
#include "tests/evals/support/message_of.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

using testing::HasSubstr;

TEST(Retrieval, HitsEveryLengthExactlyWithTheGenerationBudgetInside) {
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name, name == "kv/json");
    for (int64_t length : {retrieval.minimum_length(), retrieval.minimum_length() + 1,
                           int64_t{1024}, int64_t{4096}, int64_t{20000}}) {
      const Prompt prompt = retrieval.prompt(trial_at(length, 0.3));
      const auto answer = static_cast<int64_t>(prompt.answer.size());
      const int64_t reserve = std::max<int64_t>(1, retrieval.protocol().generation - answer);
      EXPECT_EQ(prompt.document.scored.begin + answer + reserve, length) << name;
      EXPECT_EQ(prompt.document.scored.size(), answer + 1) << name;
      EXPECT_EQ(prompt.questions[0].path, static_cast<int64_t>(prompt.document.trunk.size()));
      EXPECT_LE(prompt.questions[0].path, length);
      EXPECT_NO_THROW(validate(prompt.document));
    }
  }
}

TEST(Retrieval, FindsTheNeedleInTheFinalIdsAndNowhereElse) {
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    for (const double depth : {0.0, 0.37, 1.0}) {
      const Prompt prompt = retrieval.prompt(trial_at(3000, depth));
      const std::string text = text_of(prompt.document.trunk);
      const std::string needle = text.substr(static_cast<size_t>(prompt.needle.begin),
                                             static_cast<size_t>(prompt.needle.size()));
      EXPECT_THAT(needle, HasSubstr(prompt.key)) << name;
      EXPECT_EQ(text.find(needle), static_cast<size_t>(prompt.needle.begin)) << name;
      EXPECT_EQ(text.rfind(needle), static_cast<size_t>(prompt.needle.begin)) << name;
      EXPECT_EQ(text.find(prompt.key), text.find(needle) + needle.find(prompt.key)) << name;
      EXPECT_EQ(text.find(prompt.key, static_cast<size_t>(prompt.needle.end)),
                static_cast<size_t>(prompt.document.scored.begin + prompt.first_digit))
          << name << ": behind it, only in the answer";
      EXPECT_EQ(prompt.questions[0].distance, prompt.document.scored.begin - prompt.needle.begin);
    }
  }
}

TEST(Retrieval, PutsDepthZeroFirstAndDepthOneBehindTheLastWholeUnit) {
  const Retrieval landmark = ready("passkey/landmark");
  const Prompt first = landmark.prompt(trial_at(2000, 0));
  EXPECT_EQ(first.needle.begin, static_cast<int64_t>(landmark_head.size()));
  EXPECT_EQ(first.depth, 0);
  const Prompt last = landmark.prompt(trial_at(2000, 1));
  const std::string text = text_of(last.document.trunk);
  EXPECT_THAT(text.substr(0, static_cast<size_t>(last.needle.begin)),
              testing::EndsWith("There and back again."));
  const std::string behind = text.substr(static_cast<size_t>(last.needle.end));
  EXPECT_LT(behind.find("\nWhat"), unit.size() + 1);
}

TEST(Retrieval, DepthIsTheShareOfHayBeforeTheNeedleWithinHalfAUnit) {
  EXPECT_TRUE(rc::check([] {
    const Retrieval landmark = ready("passkey/landmark");
    const auto length = *rc::gen::inRange<int64_t>(400, 9000);
    const double depth = *rc::gen::inRange(0, 1001) / 1000.0;
    const Prompt prompt = landmark.prompt(trial_at(length, depth));
    const double hay =
        static_cast<double>(length - landmark.minimum_length()) + static_cast<double>(unit.size());
    const double unit_share = static_cast<double>(unit.size() + 1) / hay;
    const double half_a_unit = unit_share / 2 + 0.5 / hay;  // what is wanted is a whole token
    // Behind the last whole unit is no place for a needle: up to one unit is missing there.
    const double missing = depth > 1 - unit_share ? unit_share : half_a_unit;
    RC_ASSERT(prompt.depth <= depth + half_a_unit + 1e-9);
    RC_ASSERT(prompt.depth >= depth - missing - 1e-9);
  }));
}

TEST(Retrieval, TakesAnotherHaystackForAnyProtocol) {
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  const std::shared_ptr<const Haystack> hay =
      text_haystack(*tokenizer, {document_of("book", counting_text())});
  const Retrieval passkey(protocol_named("passkey/landmark"), tokenizer, hay);
  EXPECT_THAT(text_of(passkey.prompt(trial_at(1000, 0.5)).document.trunk),
              HasSubstr("is here. Line "));
}

TEST(Absent, IsThePromptOfTheSameLengthAndKeyWithoutTheNeedle) {
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    Trial trial = trial_at(2000, 0.5);
    const Prompt with = retrieval.prompt(trial);
    trial.absent = true;
    const Prompt without = retrieval.prompt(trial);
    EXPECT_EQ(with.key, without.key);
    EXPECT_EQ(with.document.trunk.size(), without.document.trunk.size()) << name;
    EXPECT_EQ(without.needle.size(), 0);
    const std::string text = text_of(without.document.trunk);
    EXPECT_EQ(text.find(without.key), static_cast<size_t>(without.document.scored.begin) +
                                          static_cast<size_t>(without.first_digit))
        << name << ": only where the answer is forced";
  }
}

TEST(Retrieval, DrawsFromSeedProtocolLengthDepthAndTrialAlone) {
  const Retrieval landmark = ready("passkey/landmark");
  const Trial base = {1, 2000, {0.1, 0.1}, 3, false};
  std::set<std::string> hashes = {landmark.prompt(base).questions[0].prompt_sha256};
  EXPECT_EQ(landmark.prompt(base).questions[0].prompt_sha256, *hashes.begin());
  for (const Trial& other :
       {Trial{2, 2000, {0.1, 0.1}, 3, false}, Trial{1, 2001, {0.1, 0.1}, 3, false},
        Trial{1, 2000, {0.2, 0.1}, 3, false}, Trial{1, 2000, {0.1, 0.1}, 4, false}}) {
    hashes.insert(landmark.prompt(other).questions[0].prompt_sha256);
  }
  EXPECT_EQ(hashes.size(), 5u);
  EXPECT_NE(landmark.prompt(base).key, ready("passkey/pi").prompt(base).key);
}

TEST(Retrieval, StratifiedTrialsStayInTheirStratum) {
  const Retrieval landmark = ready("passkey/landmark");
  for (int64_t trial = 0; trial < 40; ++trial) {
    const Depth depth = landmark.protocol().design.of_trial(trial);
    const Prompt prompt = landmark.prompt(Trial{1, 60000, depth, trial});
    EXPECT_GE(prompt.depth, depth.from - 0.002);
    EXPECT_LE(prompt.depth, depth.from + depth.width + 0.002);
  }
}

TEST(PromptSha256, IsTheHashOfLittleEndianWords) {
  // printf '\x01\x00\x00\x00\x00\x01\x00\x00' | sha256sum
  EXPECT_EQ(prompt_sha256({1, 256}),
            "242045e2f1bb37769b514f182fd91b3d215324cb57f187cced1e9c62921dbac3");
}

TEST(BadInput, ALengthShorterThanTheFixedPartsSaysTheMinimum) {
  const Retrieval landmark = ready("passkey/landmark");
  EXPECT_EQ(landmark.minimum_length(), 346);
  EXPECT_EQ(
      message_of([&] { landmark.prompt(trial_at(345, 0.5)); }),
      "passkey/landmark: length: 345 is shorter than the fixed parts and one unit of hay; the "
      "minimum is 346");
  EXPECT_NO_THROW(landmark.prompt(trial_at(346, 0.5)));
}

class NineIsUnknown : public ByteTokenizer {
 public:
  std::string decode(const std::vector<Token>& tokens) const override {
    std::string text = ByteTokenizer::decode(tokens);
    for (char& byte : text) byte = byte == '9' ? '?' : byte;
    return text;
  }
};

TEST(BadInput, ATokenizerThatLosesADigit) {
  EXPECT_EQ(message_of([] {
              Retrieval(protocol_named("passkey/landmark"), std::make_shared<NineIsUnknown>());
            }),
            "passkey/landmark: tokenizer: does not give digits back: \"0123456789\" decodes as "
            "\"012345678?\"; use a tokenizer whose vocabulary has all ten digits");
}

}  // namespace
}  // namespace evals
