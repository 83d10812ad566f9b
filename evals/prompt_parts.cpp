#include "evals/prompt_parts.h"

#include <algorithm>
#include <array>

#include "evals/pieces.h"
#include "harness/base/error.h"

namespace evals {
namespace {

constexpr std::array<std::string_view, 16> adjectives = {
    "amber", "brisk", "calm", "dusty",  "eager",  "faint",  "gentle", "hollow",
    "ivory", "jolly", "keen", "lively", "mellow", "narrow", "olive",  "proud"};
constexpr std::array<std::string_view, 16> nouns = {
    "anchor", "bridge", "candle", "desert",  "engine", "forest", "garden",  "harbor",
    "island", "jacket", "kettle", "lantern", "meadow", "needle", "orchard", "pillow"};

std::string join(std::string_view adjective, std::string_view noun) {
  return std::string(adjective) + "-" + std::string(noun);
}

/// Fixed width: keys of fewer digits (every fifth of randint(1, 50000)) would be another task.
std::string draw_number(const base::CounterRandom& random, uint64_t draw, int64_t digits,
                        bool leading_zeros) {
  int64_t low = 1;
  for (int64_t digit = 1; digit < digits; ++digit) low *= 10;
  const int64_t value =
      leading_zeros ? random.below(draw, 10 * low) : low + random.below(draw, 9 * low);
  const std::string text = std::to_string(value);
  return std::string(static_cast<size_t>(digits) - text.size(), '0') + text;
}

std::string trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::vector<Token> make_answer(const RetrievalProtocol& protocol, const Tokenizer& tokenizer,
                               const std::string& key) {
  std::vector<Token> answer = continue_with(tokenizer, fill_in(protocol.answer, "key", key));
  const std::string back = trim(tokenizer.decode(answer));
  if (back != key) {
    throw base::Error(
        base::Fault::input, std::string(protocol.name),
        {"tokenizer", "does not give digits back: \"" + key + "\" decodes as \"" + back + "\"",
         "use a tokenizer whose vocabulary has all ten digits"});
  }
  return answer;
}

}  // namespace

Drawn draw(const RetrievalProtocol& protocol, const base::CounterRandom& random) {
  Drawn drawn{draw_number(random, 0, protocol.digits, protocol.leading_zeros), ""};
  if (protocol.hay == Hay::pairs) {
    drawn.word = draw_number(random, 2, protocol.digits, false);
  } else {
    drawn.word = join(adjectives[static_cast<size_t>(random.below(2, adjectives.size()))],
                      nouns[static_cast<size_t>(random.below(3, nouns.size()))]);
  }
  return drawn;
}

std::vector<std::string> possible_words(const RetrievalProtocol& protocol) {
  if (protocol.hay == Hay::pairs) return {std::string(static_cast<size_t>(protocol.digits), '9')};
  if (protocol.question.find("{word}") == std::string_view::npos) return {""};
  std::vector<std::string> words;
  for (const std::string_view adjective : adjectives) {
    for (const std::string_view noun : nouns) words.push_back(join(adjective, noun));
  }
  return words;
}

PromptParts make_parts(const RetrievalProtocol& protocol, const Tokenizer& tokenizer,
                       const Drawn& drawn) {
  const auto piece = [&](std::string_view text) {
    return continue_with(tokenizer, fill_in(fill_in(text, "key", drawn.key), "word", drawn.word));
  };
  PromptParts parts;
  parts.answer = make_answer(protocol, tokenizer, drawn.key);
  parts.needle = piece(protocol.needle);
  parts.first_line = protocol.lines ? piece(protocol.needle.substr(1)) : parts.needle;
  parts.question = piece(protocol.question);
  const auto& answer = parts.answer;
  const auto digit = std::find_if(answer.begin(), answer.end(), [&](Token token) {
    return !trim(tokenizer.decode({token})).empty();
  });
  parts.first_digit = digit - answer.begin();
  parts.reserve = std::max<int64_t>(1, protocol.generation - static_cast<int64_t>(answer.size()));
  return parts;
}

}  // namespace evals
