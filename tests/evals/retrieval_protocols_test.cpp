#include <gmock/gmock.h>

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "evals/retrieval.h"
#include "tests/evals/support/landmark_text.h"
#include "tests/evals/support/ready_protocols.h"

namespace evals {
namespace {

using testing::Contains;
using testing::ElementsAre;

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

TEST(RetrievalProtocols, AskEveryDepthEquallyOftenByDefault) {
  for (const RetrievalProtocol& protocol : retrieval_protocols()) {
    const auto fallback = [&](std::string_view name) {
      for (const ProtocolParameter& parameter : protocol.parameters) {
        if (parameter.name == name) return std::stoll(std::string(parameter.fallback));
      }
      return 0LL;
    };
    EXPECT_EQ(fallback("depths"), protocol.design.depths) << protocol.name;
    EXPECT_EQ(fallback("trials") % fallback("depths"), 0) << protocol.name;
    EXPECT_GE(fallback("trials"), fallback("depths")) << protocol.name;
  }
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

TEST(Pi, PutsTheKeyAtEvenDistancesFromTheEnd) {
  const Retrieval pi = ready("passkey/pi");
  const DepthDesign& design = pi.protocol().design;
  for (int64_t trial = 0; trial < 31; ++trial) {
    const Prompt prompt = pi.prompt(Trial{1, 32768, design.of_trial(trial), trial});
    const int64_t wanted = (trial + 1) * 1024;
    const int64_t from_end = 32768 - prompt.needle.begin;
    EXPECT_NEAR(static_cast<double>(from_end), static_cast<double>(wanted), 46) << trial;
  }
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
  const std::string before_asked = "\nKey: \"";
  const std::string asked = text.substr(text.rfind(before_asked) + before_asked.size(), 7);
  std::set<std::string> keys;
  std::vector<std::string> values_of_asked;
  size_t lines = 0;
  for (size_t at = text.find("\n \""); at != std::string::npos; at = text.find("\n \"", at + 1)) {
    if (text.substr(at + 10, 3) != "\": ") continue;  // the last line is cut
    const std::string key = text.substr(at + 3, 7);
    keys.insert(key);
    if (key == asked) values_of_asked.push_back(text.substr(at + 14, 7));
    ++lines;
  }
  EXPECT_GT(lines, 700u);
  EXPECT_EQ(keys.size(), lines);
  EXPECT_THAT(values_of_asked, ElementsAre(prompt.key));
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

TEST(ProtocolId, NamesVersionScorerPlacementAndControl) {
  const RetrievalProtocol& landmark = protocol_named("passkey/landmark");
  EXPECT_EQ(protocol_id(landmark, Placement::per_length, false),
            "passkey/landmark/1/forced/per-length");
  EXPECT_EQ(protocol_id(protocol_named("kv/json/1"), Placement::absolute, true),
            "kv/json/1/absolute/absent");
  EXPECT_EQ(find_retrieval_protocol("passkey/landmark/2"), nullptr);
}

}  // namespace
}  // namespace evals
