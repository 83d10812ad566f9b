#include "evals/joined_document.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace evals {
namespace {

/// Tokens that two documents begin with alike and that neither scores, in whole blocks.
int64_t common(const Document& one, const Document& other) {
  const int64_t most = std::min(one.scored.begin, other.scored.begin);
  const auto end =
      std::mismatch(one.trunk.begin(), one.trunk.begin() + most, other.trunk.begin()).first;
  return (end - one.trunk.begin()) / exact_fork * exact_fork;
}

/// What each document has in common with documents[index]; that one itself with the nearest other.
std::vector<int64_t> forks_from(const std::vector<Document>& documents, size_t index) {
  std::vector<int64_t> forks(documents.size(), 0);
  for (size_t other = 0; other < documents.size(); ++other) {
    if (other == index) continue;
    forks[other] = common(documents[index], documents[other]);
    forks[index] = std::max(forks[index], forks[other]);
  }
  return forks;
}

int64_t sum(const std::vector<int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

}  // namespace

Document join(const std::vector<Document>& documents) {
  if (documents.empty()) throw std::invalid_argument("join: no documents");
  if (documents.size() == 1) return documents.front();
  for (const Document& document : documents) {
    if (!document.branches.empty() ||
        document.scored.end != static_cast<int64_t>(document.trunk.size())) {
      throw std::invalid_argument("join: not a path that is scored at its end");
    }
  }
  size_t deepest = 0;
  std::vector<int64_t> forks = forks_from(documents, 0);
  for (size_t index = 1; index < documents.size(); ++index) {
    std::vector<int64_t> others = forks_from(documents, index);
    if (sum(others) <= sum(forks)) continue;
    deepest = index;
    forks = std::move(others);
  }
  Document joined;
  const std::vector<Token>& trunk = documents[deepest].trunk;
  joined.trunk.assign(trunk.begin(), trunk.begin() + forks[deepest]);
  for (size_t index = 0; index < documents.size(); ++index) {
    const Document& document = documents[index];
    joined.branches.push_back({forks[index],
                               {document.trunk.begin() + forks[index], document.trunk.end()},
                               document.scored.begin - forks[index]});
  }
  return joined;
}

std::vector<Scores> part(const Scores& joined, size_t count) {
  if (count == 1) return {joined};
  if (joined.branches.size() != count) throw std::invalid_argument("part: other documents");
  std::vector<Scores> parts(count);
  for (size_t index = 0; index < count; ++index) parts[index].trunk = joined.branches[index];
  return parts;
}

}  // namespace evals
