#include "evals/document.h"

#include <fmt/format.h>

#include <string>

#include "harness/base/error.h"

namespace evals {

void validate(const Document& document) {
  base::Problems problems;
  const auto trunk = static_cast<int64_t>(document.trunk.size());
  const Range& scored = document.scored;
  if (scored.begin < 0 || scored.end < scored.begin || scored.end > trunk) {
    problems.add("scored", fmt::format("[{}, {}) does not lie in a trunk of {} tokens",
                                       scored.begin, scored.end, trunk));
  } else if (scored.size() > 0 && scored.begin == 0) {
    problems.add("scored", "token 0 has nothing before it and cannot be scored");
  }
  for (size_t index = 0; index < document.branches.size(); ++index) {
    const Branch& branch = document.branches[index];
    const std::string place = fmt::format("branches[{}]", index);
    const auto tokens = static_cast<int64_t>(branch.tokens.size());
    if (branch.fork < 0 || branch.fork > trunk) {
      problems.add(place + ".fork",
                   fmt::format("{} does not lie in a trunk of {} tokens", branch.fork, trunk));
    }
    if (branch.scored_from < 0 || branch.scored_from > tokens) {
      problems.add(place + ".scored_from", fmt::format("{} does not lie in a branch of {} tokens",
                                                       branch.scored_from, tokens));
    } else if (branch.fork == 0 && branch.scored_from == 0 && tokens > 0) {
      problems.add(place + ".scored_from",
                   "0: the first token of a path has nothing before it and cannot be scored");
    }
  }
  problems.throw_if_any("document");
}

}  // namespace evals
