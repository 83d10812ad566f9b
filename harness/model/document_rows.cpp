#include "harness/model/document_rows.h"

#include <algorithm>
#include <numeric>

namespace model {

int64_t first_row(int64_t fork, int64_t rows) {
  const int64_t step = fork % evals::exact_fork == 0 ? evals::exact_fork : 1;
  return (rows + step - 1) / step * step;
}

DocumentRows lay_out(const evals::Document& document, bool scores_trunk,
                     const std::vector<int64_t>& branches) {
  DocumentRows laid;
  laid.scores_trunk = scores_trunk;
  if (scores_trunk) {
    laid.trunk_rows = document.scored.end - 1;
  }
  for (const int64_t branch : branches) {
    laid.trunk_rows = std::max(laid.trunk_rows, document.branches[branch].fork);
  }
  laid.tokens.assign(document.trunk.begin(), document.trunk.begin() + laid.trunk_rows);
  if (scores_trunk) {
    for (int64_t index = document.scored.begin; index < document.scored.end; ++index) {
      laid.read.push_back(index - 1);
      laid.targets.push_back(document.trunk[index]);
    }
  }
  for (const int64_t index : branches) {
    const evals::Branch& branch = document.branches[index];
    const int64_t tokens = static_cast<int64_t>(branch.tokens.size());
    const int64_t first = first_row(branch.fork, static_cast<int64_t>(laid.tokens.size()));
    const int64_t rows = std::max<int64_t>(0, tokens - 1);
    laid.tokens.resize(first);
    laid.parts.push_back({index, branch.fork, first, rows});
    laid.tokens.insert(laid.tokens.end(), branch.tokens.begin(), branch.tokens.begin() + rows);
    for (int64_t scored = branch.scored_from; scored < tokens; ++scored) {
      laid.read.push_back(scored == 0 ? branch.fork - 1 : first + scored - 1);
      laid.targets.push_back(branch.tokens[scored]);
    }
  }
  return laid;
}

std::vector<int64_t> busy_rows(const DocumentRows& rows) {
  std::vector<int64_t> busy(rows.trunk_rows);
  std::iota(busy.begin(), busy.end(), 0);
  for (const DocumentRows::Part& part : rows.parts) {
    for (int64_t row = 0; row < part.rows; ++row) {
      busy.push_back(part.first_row + row);
    }
  }
  return busy;
}

void hand_out(const std::vector<evals::TokenScore>& read, const DocumentRows& rows,
              const evals::Document& document, evals::Scores& scores) {
  auto next = read.begin();
  if (rows.scores_trunk) {
    scores.trunk.assign(next, next + document.scored.size());
    next += document.scored.size();
  }
  for (const DocumentRows::Part& part : rows.parts) {
    const evals::Branch& branch = document.branches[part.branch];
    const auto count = static_cast<int64_t>(branch.tokens.size()) - branch.scored_from;
    scores.branches[part.branch].assign(next, next + count);
    next += count;
  }
}

}  // namespace model
