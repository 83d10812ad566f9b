#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/stats/certified_length.h"
#include "harness/sweep/summary/perplexity_sheet.h"
#include "harness/sweep/summary/retrieval_sheet.h"
#include "harness/sweep/summary/runs.h"
#include "harness/sweep/summary/table.h"

namespace sweep {

/// The files of a summary while they are being filled.
struct Tables {
  Tables();

  Table summary;
  Table effective_length;
  Table comparison;
  Table position_nll;
  std::string text;
  std::vector<std::string> warnings;
};

/// Adds one protocol to every table.
void add_retrieval(const Design& design, const RetrievalSheet& sheet, Tables& tables);
void add_perplexity(const Runs& runs, const PerplexitySheet& sheet, Tables& tables);

/// Begins a row with the columns that all tables share.
Table& begin_row(Table& table, const Design::Method& method, const std::string& protocol);

/// Adds a length claim to effective_length.csv; returns its row.
Table& add_claim(Tables& tables, const Design::Method& method, const std::string& protocol,
                 const std::string& measure, const evals::stats::LengthClaim& claim,
                 const std::string& note);

/// "every length shown", "not shown at 8192", "not certifiable: too few documents at 8192" ...
std::string in_words(const evals::stats::LengthClaim& claim, std::string_view units = "trials");

/// The same in a table for people: the length, `-` for none, `n/c` where none could have been
/// shown.
std::string in_cell(const evals::stats::LengthClaim& claim);

/// Bootstrap resamples behind every interval and p-value of a perplexity.
inline constexpr int64_t resamples = 10000;

/// Methods with fixed factors first, then those that change with length, each in order of the
/// experiment: a family of models is reported apart from a model.
std::vector<const Design::Method*> in_report_order(const Design& design,
                                                   const std::vector<std::string>& methods);

/// A table for people: a line per method, a column per length. The two kinds of methods stand under
/// headings of their own where both occur.
struct TextTable {
  std::vector<std::string> columns;
  struct Line {
    const Design::Method* method;
    std::vector<std::string> cells;
  };
  std::vector<Line> lines;

  std::string text() const;
};

}  // namespace sweep
