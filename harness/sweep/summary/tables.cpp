#include "harness/sweep/summary/tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace sweep {
namespace {

using evals::stats::Ending;
using evals::stats::LengthClaim;

const std::vector<std::string> summary_columns = {
    "method",    "grid",       "by_length", "protocol",   "length",        "band",   "n",
    "hits",      "diverged",   "missing",   "estimate",   "low",           "high",   "interval",
    "exact_low", "exact_high", "log_prob",  "perplexity", "bits_per_byte", "tokens", "in_best_set"};
const std::vector<std::string> effective_columns = {"method",  "grid",     "by_length", "protocol",
                                                    "measure", "length",   "estimate",  "low",
                                                    "high",    "ended_by", "ended_at",  "note"};
const std::vector<std::string> comparison_columns = {
    "method", "grid",     "by_length",   "protocol",      "length",     "baseline", "unit",
    "pairs",  "excluded", "only_method", "only_baseline", "difference", "low",      "high",
    "test",   "p",        "p_holm",      "family",        "differs"};
const std::vector<std::string> position_columns = {"method", "grid",      "by_length", "protocol",
                                                   "length", "begin",     "end",       "tokens",
                                                   "nll",    "perplexity"};

const char* name_of(Ending ending) {
  switch (ending) {
    case Ending::all_lengths:
      return "all_lengths";
    case Ending::not_shown:
      return "not_shown";
    case Ending::missing:
      return "missing";
    case Ending::too_few_trials:
      return "too_few_trials";
    case Ending::dependent_trials:
      return "dependent_trials";
  }
  return "";
}

}  // namespace

Tables::Tables()
    : summary(summary_columns),
      effective_length(effective_columns),
      comparison(comparison_columns),
      position_nll(position_columns) {}

Table& begin_row(Table& table, const Design::Method& method, const std::string& protocol) {
  return table.row()
      .set("method", method.name)
      .set("grid", method.grid)
      .set("by_length", method.by_length)
      .set("protocol", protocol);
}

std::string in_words(const LengthClaim& claim, std::string_view units) {
  switch (claim.ending) {
    case Ending::all_lengths:
      return "every length shown";
    case Ending::not_shown:
      return fmt::format("not shown at {}", *claim.ended_at);
    case Ending::missing:
      return fmt::format("answers missing at {}", *claim.ended_at);
    case Ending::too_few_trials:
      return fmt::format("not certifiable: too few {} at {}", units, *claim.ended_at);
    case Ending::dependent_trials:
      return fmt::format("not certifiable: trials share a source at {}", *claim.ended_at);
  }
  return {};
}

std::string in_cell(const LengthClaim& claim) {
  if (claim.length) return std::to_string(*claim.length);
  const bool cannot =
      claim.ending == Ending::too_few_trials || claim.ending == Ending::dependent_trials;
  return cannot ? "n/c" : "-";
}

Table& add_claim(Tables& tables, const Design::Method& method, const std::string& protocol,
                 const std::string& measure, const LengthClaim& claim, const std::string& note) {
  Table& row = begin_row(tables.effective_length, method, protocol);
  row.set("measure", measure).set("ended_by", name_of(claim.ending)).set("note", note);
  if (claim.length) row.set("length", *claim.length);
  if (claim.ended_at) row.set("ended_at", *claim.ended_at);
  return row;
}

std::vector<const Design::Method*> in_report_order(const Design& design,
                                                   const std::vector<std::string>& methods) {
  std::vector<const Design::Method*> order;
  for (const std::string& name : methods) order.push_back(&design.method(name));
  std::stable_partition(order.begin(), order.end(),
                        [](const Design::Method* method) { return !method->by_length; });
  return order;
}

std::string TextTable::text() const {
  std::vector<size_t> widths = {std::string("method").size()};
  for (const std::string& column : columns) widths.push_back(column.size());
  for (const Line& line : lines) {
    widths[0] = std::max(widths[0], line.method->name.size());
    for (size_t i = 0; i < line.cells.size(); ++i) {
      widths[i + 1] = std::max(widths[i + 1], line.cells[i].size());
    }
  }
  std::string out = fmt::format("  {:<{}}", "method", widths[0]);
  for (size_t i = 0; i < columns.size(); ++i) {
    out += fmt::format("  {:>{}}", columns[i], widths[i + 1]);
  }
  out += "\n";
  bool in_families = false;
  for (const Line& line : lines) {
    if (line.method->by_length && !in_families) {
      in_families = true;
      out += "  -- families of models, which change with the length:\n";
    }
    out += fmt::format("  {:<{}}", line.method->name, widths[0]);
    for (size_t i = 0; i < line.cells.size(); ++i) {
      out += fmt::format("  {:>{}}", line.cells[i], widths[i + 1]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace sweep
