#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "evals/retrieval.h"

namespace evals {
namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// Whether `next` behind the answer makes its number longer. Decoded together, because a lone token
/// cannot say whether a space stands before its digit.
bool runs_on_with(const std::vector<Token>& answer, Token next, const Tokenizer& tokenizer) {
  if (next >= tokenizer.vocabulary_size()) return false;  // the head may have more rows than tokens
  const std::string text = tokenizer.decode(answer);
  std::vector<Token> longer = answer;
  longer.push_back(next);
  const std::string both = tokenizer.decode(longer);
  if (both.compare(0, text.size(), text) != 0) return true;
  return both.size() > text.size() && is_digit(both[text.size()]);
}

}  // namespace

Answer judge_answer(const Prompt& prompt, const std::vector<TokenScore>& scores,
                    const Tokenizer& tokenizer) {
  const size_t tokens = prompt.answer.size();
  if (scores.size() != tokens + 1) {
    throw std::invalid_argument("judge_answer: the scores are not this prompt's");
  }
  Answer answer;
  for (size_t index = 0; index < tokens; ++index) {
    answer.token_hits.push_back(scores[index].argmax == prompt.answer[index]);
    answer.ranks.push_back(scores[index].rank);
    answer.log_probs.push_back(scores[index].log_prob);
  }
  for (const TokenScore& score : scores) {
    answer.argmax.push_back(score.argmax);
    answer.diverged = answer.diverged || !std::isfinite(score.log_prob);
  }
  answer.runs_on = runs_on_with(prompt.answer, scores.back().argmax, tokenizer);
  answer.hit = !answer.diverged && !answer.runs_on &&
               std::all_of(answer.token_hits.begin(), answer.token_hits.end(),
                           [](bool is_hit) { return is_hit; });
  return answer;
}

}  // namespace evals
