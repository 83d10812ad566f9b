#pragma once

#include <cstdint>
#include <vector>

#include "evals/document.h"

namespace model {

/// Part of a document that is computed in one pass: the beginning of the trunk, then the branches
/// that may share it, each token in one row. The last token of a path has no row: nothing follows
/// that it would predict. A branch that forks at a multiple of evals::exact_fork begins at a row
/// that is one, so that idle rows may lie before it.
struct DocumentRows {
  struct Part {
    int64_t branch = 0;  ///< index into Document::branches
    int64_t fork = 0;
    int64_t first_row = 0;
    int64_t rows = 0;
  };

  std::vector<evals::Token> tokens;  ///< [rows]; of idle rows any token
  int64_t trunk_rows = 0;
  bool scores_trunk = false;
  std::vector<Part> parts;

  std::vector<int64_t> read;          ///< rows whose hidden state is read, per scored token
  std::vector<evals::Token> targets;  ///< [read.size()] the token that follows it
};

/// The rows that hold a token of the document, ascending.
std::vector<int64_t> busy_rows(const DocumentRows& rows);

/// First row of a branch that is laid out behind `rows` rows.
int64_t first_row(int64_t fork, int64_t rows);

/// Lays out the given branches, and the trunk's own scored range when `scores_trunk`.
DocumentRows lay_out(const evals::Document& document, bool scores_trunk,
                     const std::vector<int64_t>& branches);

/// Hands the scores of `rows.read` back to where they belong in `scores`.
void hand_out(const std::vector<evals::TokenScore>& read, const DocumentRows& rows,
              const evals::Document& document, evals::Scores& scores);

}  // namespace model
