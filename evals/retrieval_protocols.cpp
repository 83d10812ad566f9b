#include <string>

#include "evals/retrieval.h"
#include "harness/base/citations.h"

namespace evals {
namespace {

namespace citations = base::citations;

// The five lines of epfml/landmark-attention llama/run_test.py, copied by YaRN, LongLoRA, LongRoPE,
// ChunkLlama and PI (figure 3).
constexpr std::string_view grass =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";
constexpr std::string_view landmark_head =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.\n";
constexpr std::string_view landmark_needle =
    "\nThe pass key is {key}. Remember it. {key} is the pass key.\n";
constexpr std::string_view landmark_question = "\nWhat is the pass key? The pass key is";

constexpr DepthDesign stratified{DepthDesign::Kind::stratified, 10};

/// Depths take turns, and every one gets as many trials as the others: a multiple of them.
constexpr ProtocolParameter trials_by_default(std::string_view number) {
  return {"trials", "integer", number, "prompts per length, over all depths"};
}
constexpr ProtocolParameter trials = trials_by_default("50");
const ProtocolParameter depths{"depths", "integer", "10", "needle depths that trials go round"};
const ProtocolParameter both_placements{"placement", "\"per-length\" or \"absolute\"",
                                        "\"per-length\"",
                                        "a prompt per length, or one trunk for all of them"};

RetrievalProtocol landmark() {
  return {.name = "passkey/landmark",
          .version = 1,
          .forced = true,
          .digits = 5,
          .leading_zeros = false,
          .generation = 10,
          .frame = Frame::hay,
          .hay = Hay::repeated,
          .unit = grass,
          .separator = " ",
          .head = landmark_head,
          .needle = landmark_needle,
          .lines = false,
          .question = landmark_question,
          .answer = " {key}",
          .terminator = ".",
          .design = stratified,
          .parameters = {trials, depths, both_placements},
          .summary = "five-digit pass key between repeated sentences, whole units",
          .source =
              "Mohtashami & Jaggi 2023 (Landmark Attention), llama/run_test.py: its text; "
              "units are not sliced, keys always have five digits",
          .citation = citations::landmark_attention};
}

RetrievalProtocol landmark_char() {
  RetrievalProtocol protocol = landmark();
  protocol.name = "passkey/landmark-char";
  protocol.hay = Hay::sliced;
  protocol.summary = "as published: hay sliced at characters, words cut beside the needle";
  protocol.source =
      "Mohtashami & Jaggi 2023 (Landmark Attention), llama/run_test.py: its text and its slicing "
      "before the needle; the end is cut at a token, keys always have five digits";
  return protocol;
}

RetrievalProtocol pi() {
  RetrievalProtocol protocol = landmark();
  protocol.name = "passkey/pi";
  protocol.frame = Frame::path;
  protocol.design = {DepthDesign::Kind::distances, 32};
  protocol.parameters = {trials_by_default("64"),
                         {"depths", "integer", "32", "distances from the end: (i + 1) L / depths"},
                         both_placements};
  protocol.summary = "landmark's prompt, the key at even distances from the end";
  protocol.source = "Chen et al. 2023 (Position Interpolation), section 3.3";
  protocol.citation = citations::position_interpolation;
  return protocol;
}

RetrievalProtocol infinitebench() {
  return {.name = "passkey/infinitebench",
          .version = 1,
          .forced = true,
          .digits = 5,
          .leading_zeros = true,
          .generation = 6,
          .frame = Frame::hay,
          .hay = Hay::repeated,
          .unit = grass,
          .separator = "\n",
          .head =
              "There is an important info hidden inside a lot of irrelevant text. Find it and "
              "memorize it. I will quiz you about the important information.\n\n",
          .needle = landmark_needle,
          .lines = true,
          .question = "\n\n\nWhat is the pass key?\n\nThe pass key is",
          .answer = " {key}",
          .terminator = ".",
          .design = {DepthDesign::Kind::grid, 59},
          .parameters = {trials_by_default("59"),
                         {"depths", "integer", "59", "depths of an even grid, both ends included"},
                         both_placements},
          .summary = "five-digit pass key, leading zeros, between repeated lines, even depth grid",
          .source =
              "Zhang et al. 2024 (InfiniteBench), src/prompt.py, template yarn-mistral (of base "
              "models), around the lines of data/construct_synthetic_dataset.py",
          .citation = citations::infinitebench};
}

RetrievalProtocol ruler() {
  return {.name = "passkey/ruler-s1",
          .version = 1,
          .forced = true,
          .digits = 7,
          .leading_zeros = false,
          .generation = 128,
          .frame = Frame::hay,
          .hay = Hay::repeated,
          .unit = grass,
          .separator = "\n",
          .head =
              "A special magic number is hidden within the following text. Make sure to "
              "memorize it. I will quiz you about the number afterwards.\n",
          .needle = "\nOne of the special magic numbers for {word} is: {key}.\n",
          .lines = true,
          .question =
              "\nWhat is the special magic number for {word} mentioned in the provided "
              "text? The special magic number for {word} mentioned in the provided text is",
          .answer = " {key}",
          .terminator = ".",
          .design = stratified,
          .parameters = {trials, depths, both_placements},
          .summary = "seven-digit number for a name, repeated lines, 128 tokens reserved",
          .source =
              "Hsieh et al. 2024 (RULER), niah_single_1 for base models: scripts/synthetic.yaml, "
              "scripts/data/synthetic/niah.py; the names come from a list of ours",
          .citation = citations::ruler};
}

RetrievalProtocol text() {
  RetrievalProtocol protocol = landmark();
  protocol.name = "niah/text";
  protocol.forced = false;
  protocol.hay = Hay::text;
  protocol.unit = "";
  protocol.separator = "";
  protocol.parameters = {
      trials, depths, both_placements, {"hay", "paths", "", "text files that the hay is cut from"}};
  protocol.summary = "landmark's needle and question in the user's own text, between sentences";
  protocol.source =
      "after Kamradt 2023 (LLMTest_NeedleInAHaystack): natural text; ours: exact length, a number "
      "as the answer, one document per trial";
  protocol.citation = citations::needle_in_a_haystack;
  return protocol;
}

RetrievalProtocol kv() {
  return {
      .name = "kv/json",
      .version = 1,
      .forced = false,
      .digits = 7,
      .leading_zeros = false,
      .generation = 10,
      .frame = Frame::hay,
      .hay = Hay::pairs,
      .unit = "",
      .separator = "",
      .head =
          "Extract the value corresponding to the specified key in the JSON object "
          "below.\n\nJSON data:\n{",
      .needle = "\n \"{word}\": \"{key}\",",
      .lines = false,
      .question = "\n}\n\nKey: \"{word}\"\nCorresponding value: \"",
      .answer = "{key}",
      .terminator = "\"",
      .design = stratified,
      .parameters = {trials, depths, both_placements},
      .summary = "value of one key among seven-digit pairs: every line competes with the needle",
      .source =
          "after Liu et al. 2023 (Lost in the Middle), kv_retrieval.prompt: numbers "
          "instead of UUIDs, the opening quote belongs to the question",
      .citation = citations::lost_in_the_middle};
}

}  // namespace

const std::vector<RetrievalProtocol>& retrieval_protocols() {
  static const std::vector<RetrievalProtocol> table = {
      landmark(), landmark_char(), pi(), infinitebench(), ruler(), text(), kv()};
  return table;
}

const RetrievalProtocol* find_retrieval_protocol(std::string_view name) {
  for (const RetrievalProtocol& protocol : retrieval_protocols()) {
    const std::string versioned =
        std::string(protocol.name) + "/" + std::to_string(protocol.version);
    if (name == protocol.name || name == versioned) return &protocol;
  }
  return nullptr;
}

std::string protocol_id(const RetrievalProtocol& protocol, Placement placement, bool absent) {
  std::string id = std::string(protocol.name) + "/" + std::to_string(protocol.version);
  if (protocol.forced) id += "/forced";
  id += placement == Placement::per_length ? "/per-length" : "/absolute";
  if (absent) id += "/absent";
  return id;
}

}  // namespace evals
