#include "evals/retrieval.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "harness/base/sha256.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const std::vector<Token>& tokens) { return ByteTokenizer().decode(tokens); }

const std::string landmark_head =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.\n";
const std::string unit =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

TEST(Landmark, ReadsByteForByteAsPublished) {
  const Retrieval landmark = ready("passkey/landmark");
  const Prompt prompt = landmark.prompt(trial_at(600, 0.5));
  const std::string& key = prompt.key;
  // Two units before the needle; the second run starts anew and ends where the length does.
  const std::string before = unit + " " + unit;
  std::string expected = landmark_head + before + "\nThe pass key is " + key + ". Remember it. " +
                         key + " is the pass key.\n";
  const std::string question = "\nWhat is the pass key? The pass key is";
  const size_t reserve = 10 - 6;
  const size_t behind = 600 - expected.size() - question.size() - 6 - reserve;
  expected += (unit + " " + unit).substr(0, behind) + question + " " + key + ".";
  EXPECT_EQ(text_of(prompt.document.trunk), expected);
  EXPECT_EQ(prompt.questions[0].length, 600);
  EXPECT_EQ(prompt.questions[0].path, 600 - static_cast<int64_t>(reserve) + 1);
}

/// The prompt's text up to the answer, what was drawn put back as {key} and {word}.
std::string template_of(const Prompt& prompt) {
  const auto& trunk = prompt.document.trunk;
  std::string text = text_of({trunk.begin(), trunk.begin() + prompt.document.scored.begin});
  std::vector<std::pair<std::string, std::string>> holes = {{prompt.key, "{key}"}};
  const std::string before_name = "numbers for ";
  if (const size_t at = text.find(before_name); at != std::string::npos) {
    const size_t name = at + before_name.size();
    holes.emplace_back(text.substr(name, text.find(" is: ") - name), "{word}");
  }
  for (const auto& [value, hole] : holes) {
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
      text.replace(at, value.size(), hole);
    }
  }
  return text;
}

/// Templates of many prompts with about `tokens` before the answer: names differ in length, and
/// only where it fits do the lines of hay end whole, as they all do when published.
std::set<std::string> templates(const Retrieval& retrieval, double depth, size_t tokens) {
  std::set<std::string> found;
  for (int64_t number = 0; number < 20; ++number) {
    for (int64_t more = 0; more < 40; ++more) {
      const int64_t length = static_cast<int64_t>(tokens) + retrieval.protocol().generation + more;
      found.insert(template_of(retrieval.prompt(trial_at(length, depth, number))));
    }
  }
  return found;
}

// What NVIDIA/RULER's scripts/data/synthetic/niah.py and constants.py write for niah_single_1: the
// needle before one of three lines, and the answer prefix of base models.
TEST(RulerS1, ReadsByteForByteAsPublished) {
  const std::string head =
      "A special magic number is hidden within the following text. Make sure to memorize it. I "
      "will quiz you about the number afterwards.\n";
  const std::string needle = "One of the special magic numbers for {word} is: {key}.\n";
  const std::string line = unit + "\n";
  const std::string question =
      "What is the special magic number for {word} mentioned in the provided text? The special "
      "magic number for {word} mentioned in the provided text is";
  const std::string first = head + needle + line + line + line + question;
  const std::string second = head + line + needle + line + line + question;
  const std::string third = head + line + line + needle + line + question;
  const Retrieval ruler = ready("passkey/ruler-s1");
  EXPECT_THAT(templates(ruler, 0, first.size()), Contains(first));
  EXPECT_THAT(templates(ruler, 0.33, first.size()), Contains(second));
  EXPECT_THAT(templates(ruler, 0.67, first.size()), Contains(third));
}

// What OpenBMB/InfiniteBench's construct_synthetic_dataset.py writes, in the template yarn-mistral
// of its prompt.py.
TEST(InfiniteBench, ReadsByteForByteAsPublished) {
  const std::string head =
      "There is an important info hidden inside a lot of irrelevant text. Find it and memorize it. "
      "I will quiz you about the important information.\n\n";
  const std::string needle = "The pass key is {key}. Remember it. {key} is the pass key.\n";
  const std::string line = unit + "\n";
  const std::string question = "\n\nWhat is the pass key?\n\nThe pass key is";
  const std::string first = head + needle + line + line + line + question;
  const std::string third = head + line + line + needle + line + question;
  const Retrieval infinitebench = ready("passkey/infinitebench");
  EXPECT_THAT(templates(infinitebench, 0, first.size()), Contains(first));
  EXPECT_THAT(templates(infinitebench, 0.67, first.size()), Contains(third));
}

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
      EXPECT_EQ(text.find(prompt.key), text.find(needle) + needle.find(prompt.key)) << name;
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
    // At the end the last, cut unit is no place for a needle: up to one unit is missing.
    RC_ASSERT(prompt.depth <= depth + unit_share / 2 + 1e-9);
    RC_ASSERT(prompt.depth >= depth - unit_share - 1e-9);
  }));
}

TEST(Pi, PutsTheKeyAtEvenDistancesFromTheEnd) {
  const Retrieval pi = ready("passkey/pi");
  const DepthDesign& design = pi.protocol().design;
  for (int64_t trial = 0; trial < 31; ++trial) {
    const Prompt prompt = pi.prompt(Trial{1, 32768, design.of_trial(trial), trial});
    const int64_t wanted = (trial + 1) * 1024;
    const int64_t from_end = 32768 - prompt.needle.begin;
    if (wanted < 200 || wanted > 32768 - 200) continue;  // question and task text
    EXPECT_NEAR(static_cast<double>(from_end), static_cast<double>(wanted), 46) << trial;
  }
}

TEST(DepthDesign, KeepsFewerTrialsEvenlyOverTheDepths) {
  for (int64_t depths = 1; depths <= 20; ++depths) {
    const DepthDesign design{.depths = depths};
    for (int64_t count = 0; count <= 3 * depths; ++count) {
      std::vector<int64_t> at_depth(static_cast<size_t>(depths));
      for (int64_t trial = 0; trial < 3 * depths; ++trial) {
        if (design.is_kept(trial, count)) ++at_depth[static_cast<size_t>(trial % depths)];
      }
      int64_t kept = 0;
      for (int64_t depth = 0; depth < depths; ++depth) {
        kept += at_depth[static_cast<size_t>(depth)];
        const double share = static_cast<double>(count * (depth + 1)) / static_cast<double>(depths);
        EXPECT_LT(std::abs(static_cast<double>(kept) - share), 1) << depths << " " << count;
      }
      EXPECT_EQ(kept, count) << depths;
      EXPECT_LE(std::ranges::max(at_depth) - std::ranges::min(at_depth), 1) << depths;
    }
  }
}

TEST(DepthDesign, GivesEveryThirdItsTrialsWhereverNeedlesComeToLie) {
  const auto in_thirds = [](const DepthDesign& design, int64_t trials) {
    std::vector<int64_t> counts(3);
    for (int64_t t = 0; t < trials; ++t) ++counts[static_cast<size_t>(design.band_of_trial(t))];
    return counts;
  };
  EXPECT_THAT(in_thirds({.depths = 15}, 60), testing::ElementsAre(20, 20, 20));
  EXPECT_THAT(in_thirds({.depths = 10}, 60), testing::ElementsAre(18, 24, 18));
  EXPECT_THAT(in_thirds({DepthDesign::Kind::grid, 3}, 3), testing::ElementsAre(1, 1, 1));
  EXPECT_EQ((DepthDesign{DepthDesign::Kind::distances, 3}).band_of_trial(0), 2) << "near the end";
}

TEST(InfiniteBench, GoesRound59DepthsFromEndToEnd) {
  const DepthDesign& design = protocol_named("passkey/infinitebench").design;
  std::set<double> depths;
  for (int64_t trial = 0; trial < 590; ++trial) depths.insert(design.of_trial(trial).from);
  EXPECT_EQ(depths.size(), 59u);
  EXPECT_EQ(*depths.begin(), 0);
  EXPECT_EQ(*depths.rbegin(), 1);
}

TEST(RulerS1, Keeps128TokensBehindThePrompt) {
  const Retrieval ruler = ready("passkey/ruler-s1");
  EXPECT_EQ(ruler.prompt(trial_at(4096, 0.5)).document.scored.begin, 4096 - 128);
  EXPECT_EQ(ruler.prompt(trial_at(4096, 0.5)).key.size(), 7u);
}

TEST(KvJson, GivesEveryPairAnotherKeyAndHidesTheAskedOne) {
  const Retrieval kv = ready("kv/json");
  const Prompt prompt = kv.prompt(trial_at(20000, 0.5));
  const std::string text = text_of(prompt.document.trunk);
  std::set<std::string> keys;
  size_t lines = 0;
  for (size_t at = text.find("\n \""); at != std::string::npos; at = text.find("\n \"", at + 1)) {
    if (text.substr(at + 10, 3) != "\": ") continue;  // the last line is cut
    keys.insert(text.substr(at + 3, 7));
    ++lines;
  }
  EXPECT_GT(lines, 700u);
  EXPECT_EQ(keys.size(), lines);
}

TEST(NiahText, CutsBetweenSentencesOfOneDocumentPerTrial) {
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  const std::shared_ptr<const Haystack> hay = text_haystack(
      *tokenizer, {document_of("one", counting_text()), document_of("two", counting_text() + "!")});
  const Retrieval niah(protocol_named("niah/text"), tokenizer, hay);
  for (int64_t number = 0; number < 4; ++number) {
    const Prompt prompt = niah.prompt(Trial{1, 5000, {0.5, 0}, number});
    EXPECT_THAT(prompt.source, testing::StartsWith(number % 2 == 0 ? "one#" : "two#"));
    const std::string text = text_of(prompt.document.trunk);
    EXPECT_EQ(text.substr(static_cast<size_t>(prompt.needle.begin) - 5, 5), "here.");
    EXPECT_EQ(text.substr(static_cast<size_t>(prompt.needle.end), 5), " Line");
  }
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
    EXPECT_THAT(without.protocol, testing::EndsWith("/absent"));
  }
}

TEST(Absolute, KeepsTheNeedleAndForksTheQuestionAtEveryLength) {
  for (const std::string& name : names()) {
    const Retrieval retrieval = ready(name);
    const std::vector<int64_t> lengths = {2048, 4096, 16384};
    const Prompt prompt = retrieval.prompt(AbsoluteTrial{1, 700, lengths, 5});
    EXPECT_NO_THROW(validate(prompt.document));
    ASSERT_EQ(prompt.document.branches.size(), 3u);
    EXPECT_EQ(prompt.document.scored.size(), 0);
    EXPECT_NEAR(static_cast<double>(prompt.needle.begin), 700, 91) << name;
    for (size_t index = 0; index < lengths.size(); ++index) {
      const Branch& branch = prompt.document.branches[index];
      const Question& question = prompt.questions[index];
      const auto answer = static_cast<int64_t>(prompt.answer.size());
      EXPECT_EQ(question.path, branch.length());
      EXPECT_EQ(branch.fork + branch.scored_from + answer +
                    std::max<int64_t>(1, retrieval.protocol().generation - answer),
                lengths[index]);
      EXPECT_EQ(question.distance, branch.fork + branch.scored_from - prompt.needle.begin);
    }
  }
}

TEST(Absolute, EndsEveryNeedleWithinTheShortestLength) {
  std::string text;  // sentences of 20 to 300 bytes
  for (int64_t i = 0; i < 200; ++i) {
    text += "Number " + std::to_string(i) + std::string(static_cast<size_t>(i * 37 % 280), 'n') +
            " it is. ";
  }
  const auto tokenizer = std::make_shared<ByteTokenizer>();
  const Retrieval retrieval(protocol_named("niah/text"), tokenizer,
                            text_haystack(*tokenizer, {document_of("uneven", text)}));
  for (int64_t trial = 0; trial < 40; ++trial) {  // other sentences
    const int64_t last = retrieval.prompt(Trial{1, 2048, {1, 0}, trial}).needle.begin;
    const Prompt prompt = retrieval.prompt(AbsoluteTrial{1, last, {2048, 4096}, trial});
    const int64_t fork = prompt.document.branches.front().fork;
    EXPECT_LE(prompt.needle.end, fork);
    EXPECT_GT(prompt.needle.end, fork - 600) << "nor further ahead than two sentences";
  }
}

TEST(Absolute, LongerLengthsChangeNothingOfShorterOnes) {
  for (const std::string name : {"passkey/landmark", "passkey/landmark-char", "kv/json"}) {
    const Retrieval retrieval = ready(name);
    const Prompt few = retrieval.prompt(AbsoluteTrial{1, 700, {2048, 4096}, 5});
    const Prompt more = retrieval.prompt(AbsoluteTrial{1, 700, {2048, 4096, 16384}, 5});
    EXPECT_EQ(few.questions[0].prompt_sha256, more.questions[0].prompt_sha256) << name;
    EXPECT_EQ(few.questions[1].prompt_sha256, more.questions[1].prompt_sha256) << name;
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

TEST(ProtocolId, NamesVersionScorerPlacementAndControl) {
  const RetrievalProtocol& landmark = protocol_named("passkey/landmark");
  EXPECT_EQ(protocol_id(landmark, Placement::per_length, false),
            "passkey/landmark/1/forced/per-length");
  EXPECT_EQ(protocol_id(protocol_named("kv/json/1"), Placement::absolute, true),
            "kv/json/1/absolute/absent");
  EXPECT_EQ(find_retrieval_protocol("passkey/landmark/2"), nullptr);
}

TEST(PromptSha256, IsTheHashOfLittleEndianWords) {
  // printf '\x01\x00\x00\x00\x00\x01\x00\x00' | sha256sum
  EXPECT_EQ(prompt_sha256({1, 256}),
            base::sha256_hex(std::string_view("\x01\x00\x00\x00\x00\x01\x00\x00", 8)));
}

}  // namespace
}  // namespace evals
