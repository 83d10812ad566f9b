#include "evals/retrieval.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "evals/pieces.h"
#include "evals/prompt_parts.h"
#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/base/sha256.h"
#include "harness/base/with_commas.h"

namespace evals {
namespace {

constexpr uint64_t depth_draw = 1;

int64_t size_of(const std::vector<Token>& tokens) { return static_cast<int64_t>(tokens.size()); }

void append(std::vector<Token>& to, const std::vector<Token>& tokens) {
  to.insert(to.end(), tokens.begin(), tokens.end());
}

std::shared_ptr<const Haystack> make_hay(const RetrievalProtocol& protocol,
                                         const Tokenizer& tokenizer) {
  const std::string unit(protocol.unit);
  const std::string separator(protocol.separator);
  switch (protocol.hay) {
    case Hay::repeated:
      return repeated_haystack(tokenizer, unit, separator);
    case Hay::sliced:
      return sliced_haystack(tokenizer, unit, separator);
    case Hay::pairs:
      return pair_haystack(tokenizer, protocol.digits);
    case Hay::text:
      break;
  }
  throw base::Error(base::Fault::input, std::string(protocol.name),
                    {"corpus", "is missing", "name the text files that the hay is cut from"});
}

/// SHA-256 of trunk[0, fork) and the first `count` tokens of a branch.
std::string hash_path(const Document& document, int64_t fork, const std::vector<Token>& branch,
                      int64_t count) {
  std::vector<Token> path(document.trunk.begin(), document.trunk.begin() + fork);
  path.insert(path.end(), branch.begin(), branch.begin() + count);
  return prompt_sha256(path);
}

}  // namespace

struct Retrieval::State {
  RetrievalProtocol protocol;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const Haystack> hay;
  std::vector<Token> head;
  Token terminator = 0;
  int64_t minimum_length = 0;

  void check_length(int64_t length, int64_t minimum) const {
    if (length >= minimum) return;
    throw base::Error(base::Fault::input, std::string(protocol.name),
                      {"length",
                       fmt::format("{} is shorter than the fixed parts and one unit of hay",
                                   base::with_commas(length)),
                       fmt::format("the minimum is {}", base::with_commas(minimum))});
  }

  base::CounterRandom random(int64_t seed, const base::Json& where, const base::Json& depth,
                             int64_t trial) const {
    base::Json identity =
        base::Json::array({seed, fmt::format("{}/{}", protocol.name, protocol.version), where});
    if (!depth.is_null()) identity.push_back(depth);
    identity.push_back(trial);
    return base::CounterRandom(identity);
  }

  /// Head, `hay_tokens` of hay and, unless absent, the needle in it, with at most `latest` tokens
  /// of hay before it. An absent needle's tokens are hay as well, so that both prompts have one
  /// length.
  Prompt lay_out(const PromptParts& parts, const Drawn& drawn, int64_t hay_tokens, int64_t place,
                 int64_t latest, int64_t trial, bool absent, const base::CounterRandom& rng) const {
    HayOrder order{hay_tokens, std::clamp<int64_t>(place, 0, hay_tokens), trial, drawn.word};
    if (absent) order = {hay_tokens + size_of(parts.needle), std::nullopt, trial, drawn.word};
    Straw straw = hay->cut(order, rng);
    while (!absent && size_of(straw.before) > latest && *order.place > 0) {
      *order.place = std::max<int64_t>(0, *order.place - (size_of(straw.before) - latest));
      straw = hay->cut(order, rng);
    }
    const bool is_first = order.place && straw.before.empty();
    const std::vector<Token>& needle = is_first ? parts.first_line : parts.needle;
    if (needle.size() < parts.needle.size()) {  // hay makes up for the newline
      order = {order.tokens + size_of(parts.needle) - size_of(needle), 0, trial, drawn.word};
      straw = hay->cut(order, rng);
    }
    Prompt prompt;
    prompt.key = drawn.key;
    prompt.answer = parts.answer;
    prompt.first_digit = parts.first_digit;
    prompt.terminator = terminator;
    prompt.source = straw.source;
    std::vector<Token>& trunk = prompt.document.trunk;
    trunk.reserve(static_cast<size_t>(size_of(head) + order.tokens + size_of(parts.needle) +
                                      parts.behind_hay()));
    append(trunk, head);
    append(trunk, straw.before);
    prompt.needle = {size_of(trunk), size_of(trunk)};
    if (absent) return prompt;
    append(trunk, needle);
    prompt.needle.end = size_of(trunk);
    prompt.depth = hay_tokens == 0
                       ? 0
                       : static_cast<double>(straw.before.size()) / static_cast<double>(hay_tokens);
    append(trunk, straw.after);
    check_needle(prompt);
    return prompt;
  }

  /// What a model is to find must be in the ids that it is given.
  void check_needle(const Prompt& prompt) const {
    const auto& trunk = prompt.document.trunk;
    const std::string text =
        tokenizer->decode({trunk.begin() + prompt.needle.begin, trunk.begin() + prompt.needle.end});
    if (text.find(prompt.key) == std::string::npos) {
      throw base::Error(base::Fault::input, std::string(protocol.name),
                        {"tokenizer", "loses the key: the needle decodes as \"" + text + "\"",
                         "use a tokenizer whose vocabulary has all ten digits"});
    }
  }

  int64_t distance(const Prompt& prompt, int64_t answer_at) const {
    return prompt.needle.size() == 0 ? 0 : answer_at - prompt.needle.begin;
  }
};

std::string prompt_sha256(const std::vector<Token>& tokens) {
  std::vector<std::byte> bytes;
  bytes.reserve(4 * tokens.size());
  for (const Token token : tokens) {
    const auto bits = static_cast<uint32_t>(token);
    for (const int shift : {0, 8, 16, 24}) {
      bytes.push_back(static_cast<std::byte>((bits >> shift) & 0xFF));
    }
  }
  return base::sha256_hex(bytes);
}

Retrieval::Retrieval(const RetrievalProtocol& protocol, std::shared_ptr<const Tokenizer> tokenizer,
                     std::shared_ptr<const Haystack> hay) {
  auto state = std::make_shared<State>();
  state->protocol = protocol;
  state->tokenizer = std::move(tokenizer);
  const Tokenizer& tokens = *state->tokenizer;
  make_parts(protocol, tokens, {"0123456789", ""});  // refuses a tokenizer that loses a digit
  state->hay = hay ? std::move(hay) : make_hay(protocol, tokens);
  if (tokens.bos()) state->head.push_back(*tokens.bos());
  append(state->head, tokens.encode(protocol.head));
  state->terminator = continue_with(tokens, protocol.terminator).front();
  const std::string widest(static_cast<size_t>(protocol.digits), '9');
  for (const std::string& word : possible_words(protocol)) {
    const PromptParts parts = make_parts(protocol, tokens, {widest, word});
    state->minimum_length =
        std::max(state->minimum_length, size_of(state->head) + state->hay->unit_tokens() +
                                            size_of(parts.needle) + parts.behind_hay());
  }
  state_ = std::move(state);
}

const RetrievalProtocol& Retrieval::protocol() const { return state_->protocol; }

int64_t Retrieval::minimum_length() const { return state_->minimum_length; }

Prompt Retrieval::prompt(const Trial& trial) const {
  const State& state = *state_;
  validate(trial.depth);
  state.check_length(trial.length, state.minimum_length);
  const base::CounterRandom random =
      state.random(trial.seed, trial.length, trial.depth.from, trial.trial);
  const Drawn drawn = draw(state.protocol, random);
  const PromptParts parts = make_parts(state.protocol, *state.tokenizer, drawn);
  const int64_t fixed = size_of(state.head) + size_of(parts.needle) + parts.behind_hay();
  state.check_length(trial.length, fixed);
  const int64_t hay_tokens = trial.length - fixed;
  const double depth = trial.depth.from + trial.depth.width * random.unit(depth_draw);
  const int64_t place =
      state.protocol.frame == Frame::hay
          ? std::llround(depth * static_cast<double>(hay_tokens))
          : std::llround(depth * static_cast<double>(trial.length)) - size_of(state.head);
  Prompt prompt =
      state.lay_out(parts, drawn, hay_tokens, place, hay_tokens, trial.trial, trial.absent, random);
  std::vector<Token>& trunk = prompt.document.trunk;
  append(trunk, parts.question);
  const int64_t answer_at = size_of(trunk);
  append(trunk, parts.answer);
  trunk.push_back(state.terminator);
  prompt.document.scored = {answer_at, size_of(trunk)};
  prompt.questions.push_back({trial.length, size_of(trunk), state.distance(prompt, answer_at),
                              hash_path(prompt.document, answer_at, {}, 0)});
  return prompt;
}

Prompt Retrieval::prompt(const AbsoluteTrial& trial) const {
  const State& state = *state_;
  if (trial.lengths.empty() || !std::is_sorted(trial.lengths.begin(), trial.lengths.end())) {
    throw base::Error(base::Fault::input, std::string(state.protocol.name),
                      {"lengths", "must be ascending, and at least one", ""});
  }
  const base::CounterRandom random =
      state.random(trial.seed, trial.needle_position, nullptr, trial.trial);
  const Drawn drawn = draw(state.protocol, random);
  const PromptParts parts = make_parts(state.protocol, *state.tokenizer, drawn);
  const int64_t before_needle = trial.needle_position - size_of(state.head);
  if (before_needle < 0) {
    throw base::Error(
        base::Fault::input, std::string(state.protocol.name),
        {"needle position",
         fmt::format("{} lies in the task text", base::with_commas(trial.needle_position)),
         fmt::format("the minimum is {}", base::with_commas(size_of(state.head)))});
  }
  state.check_length(trial.lengths.front(), state.minimum_length);
  const int64_t fixed = size_of(state.head) + size_of(parts.needle) + parts.behind_hay();
  // Other words and sentences than where the place came from: a needle wanted within the shortest
  // length has to end there.
  const bool is_within = trial.needle_position <= trial.lengths.front() - parts.behind_hay();
  Prompt prompt = state.lay_out(parts, drawn, trial.lengths.back() - fixed, before_needle,
                                (is_within ? trial.lengths.front() : trial.lengths.back()) - fixed,
                                trial.trial, trial.absent, random);
  const int64_t needle_end = trial.needle_position + size_of(parts.needle);
  for (const int64_t length : trial.lengths) {
    Branch branch;
    branch.fork = length - parts.behind_hay();
    branch.tokens = parts.question;
    branch.scored_from = size_of(parts.question);
    if (branch.fork < std::max(prompt.needle.end, trial.absent && !is_within ? needle_end : 0)) {
      throw base::Error(
          base::Fault::input, std::string(state.protocol.name),
          {"lengths",
           fmt::format("{} ends before the needle at {} does", base::with_commas(length),
                       base::with_commas(trial.needle_position)),
           fmt::format("the minimum is {}", base::with_commas(needle_end + parts.behind_hay()))});
    }
    append(branch.tokens, parts.answer);
    branch.tokens.push_back(state.terminator);
    prompt.questions.push_back(
        {length, branch.length(), state.distance(prompt, branch.fork + branch.scored_from),
         hash_path(prompt.document, branch.fork, branch.tokens, branch.scored_from)});
    prompt.document.branches.push_back(std::move(branch));
  }
  return prompt;
}

std::vector<Answer> Retrieval::judge(const Prompt& prompt, const Scores& scores) const {
  const bool in_trunk = prompt.document.branches.empty();
  const size_t answers = in_trunk ? 1 : scores.branches.size();
  if (answers != prompt.questions.size()) {
    throw std::invalid_argument("Retrieval::judge: the scores are not this prompt's");
  }
  std::vector<Answer> judged;
  for (size_t question = 0; question < answers; ++question) {
    const std::vector<TokenScore>& given = in_trunk ? scores.trunk : scores.branches[question];
    judged.push_back(judge_answer(prompt, given, *state_->tokenizer));
  }
  return judged;
}

}  // namespace evals
