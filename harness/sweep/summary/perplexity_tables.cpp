#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evals/stats/bootstrap.h"
#include "evals/stats/perplexity_length.h"
#include "harness/base/error.h"
#include "harness/sweep/summary/comparisons.h"
#include "harness/sweep/summary/tables.h"

namespace sweep {
namespace {

using evals::stats::Estimate;
using evals::stats::PairedDocument;
using evals::stats::Resampling;

using Values = std::vector<std::vector<double>>;  // [documents][values]

/// Intervals are two-sided at alpha: half of it beyond each bound.
Resampling interval(const Design& design, const PerplexitySheet& sheet, const std::string& method,
                    int64_t length, const char* what) {
  return {resamples, design.criterion.alpha / 2,
          base::Json::array({design.seed, sheet.protocol, method, length, what})};
}

/// Mean with its interval. Where windows overlap, blocks of scores are no sampling units: a token
/// comes several times, so that few documents give no interval at all.
Estimate estimate_of(const PerplexitySheet& sheet, const Values& values,
                     const Resampling& resampling) {
  return sheet.overlaps ? evals::stats::whole_document_bootstrap(values, resampling)
                        : evals::stats::document_bootstrap(values, resampling);
}

const char* kind_of(const Estimate& estimate) {
  if (!estimate.bounds) return "none: too few documents";
  return estimate.conditional ? "block bootstrap, conditional on these documents"
                              : "bootstrap over documents";
}

Values values_of_cell(const Runs& runs, const PerplexitySheet& sheet, const DocumentCell& cell) {
  Values values;
  for (const auto& [hash, row] : cell.scored) values.push_back(values_of(runs, sheet, *row));
  return values;
}

double bits_per_byte(const DocumentCell& cell, const Values& values) {
  evals::NllTotal total;
  int64_t bytes = 0;
  for (const auto& document : values) {
    total.sum += std::accumulate(document.begin(), document.end(), 0.0);
  }
  for (const auto& [hash, row] : cell.scored) bytes += row->perplexity->bytes;
  return evals::bits_per_byte(total, bytes);
}

/// Method minus control, target by target, of the documents that both scored.
std::vector<PairedDocument> paired(const Runs& runs, const PerplexitySheet& sheet,
                                   const DocumentCell& cell, const DocumentCell& control) {
  std::vector<PairedDocument> documents;
  for (const auto& [hash, row] : cell.scored) {
    const auto other = control.scored.find(hash);
    if (other == control.scored.end()) continue;
    PairedDocument document{hash, values_of(runs, sheet, *row)};
    const std::vector<double> theirs = values_of(runs, sheet, *other->second);
    if (theirs.size() != document.differences.size()) {
      throw base::Error(
          base::Fault::input, "rows.jsonl",
          {sheet.protocol,
           fmt::format("{}: {} scored {} tokens, {} scored {}", row->perplexity->document,
                       row->method, document.differences.size(), other->second->method,
                       theirs.size()),
           "methods are compared on identical targets only"});
    }
    for (size_t i = 0; i < theirs.size(); ++i) document.differences[i] -= theirs[i];
    documents.push_back(std::move(document));
  }
  return documents;
}

std::string why_empty(const DocumentCell& cell) {
  if (cell.diverged > 0) return "diverged";
  return cell.missing > 0 ? fmt::format("{} missing", cell.missing) : "none";
}

/// Fills one line of summary.csv and returns what the text table shows.
std::string add_cell(const Runs& runs, const Design::Method& method, const PerplexitySheet& sheet,
                     int64_t length, Tables& tables) {
  const DocumentCell& cell = sheet.cell(method.name, length);
  Table& row = begin_row(tables.summary, method, sheet.protocol);
  row.set("length", length)
      .set("band", "all")
      .set("n", static_cast<int64_t>(cell.scored.size()))
      .set("diverged", cell.diverged)
      .set("missing", cell.missing);
  if (!cell.complete()) return why_empty(cell);
  const Values values = values_of_cell(runs, sheet, cell);
  const Estimate estimate =
      estimate_of(sheet, values, interval(runs.design, sheet, method.name, length, "nll"));
  int64_t tokens = 0;
  for (const auto& [hash, scored] : cell.scored) {
    for (const Forward& forward : scored->perplexity->forwards) {
      tokens += forward.window.scored.size();
    }
  }
  row.set("estimate", estimate.value)
      .set("interval", kind_of(estimate))
      .set("perplexity", std::exp(estimate.value))
      .set("tokens", tokens);
  if (!sheet.by_windows) row.set("bits_per_byte", bits_per_byte(cell, values));
  if (estimate.bounds) row.set("low", estimate.bounds->low).set("high", estimate.bounds->high);
  return fmt::format("{:.4g}", std::exp(estimate.value));
}

void add_positions(const Runs& runs, const Design::Method& method, const PerplexitySheet& sheet,
                   int64_t length, Tables& tables) {
  const DocumentCell& cell = sheet.cell(method.name, length);
  if (!cell.complete()) return;  // other documents than at the other lengths
  const int64_t width = std::max<int64_t>(1, runs.design.trained_length / 2);
  for (const evals::NllBucket& bucket : buckets_of(runs, sheet, cell, width)) {
    begin_row(tables.position_nll, method, sheet.protocol)
        .set("length", length)
        .set("begin", bucket.positions.begin)
        .set("end", bucket.positions.end)
        .set("tokens", bucket.total.tokens)
        .set("nll", bucket.total.mean())
        .set("perplexity", bucket.total.perplexity());
  }
}

void add_comparisons(const Runs& runs, const PerplexitySheet& sheet, Tables& tables) {
  const Design& design = runs.design;
  std::vector<Comparison> family;
  for (const auto& [method, length] : compared_cells(design, sheet, sheet.planned)) {
    const DocumentCell& ours = sheet.cell(method->name, length);
    const DocumentCell& theirs = sheet.cell(design.baseline, length);
    const auto documents = paired(runs, sheet, ours, theirs);
    Comparison compared{.method = method,
                        .length = length,
                        .pairs = static_cast<int64_t>(documents.size()),
                        .excluded = std::max(ours.missing, theirs.missing),
                        .only_method = {},
                        .only_baseline = {},
                        .test = {},
                        .difference = {},
                        .bounds = {},
                        .p = {}};
    if (ours.complete() && theirs.complete() && !documents.empty()) {
      Values values;
      for (const PairedDocument& document : documents) values.push_back(document.differences);
      const Estimate difference =
          estimate_of(sheet, values, interval(design, sheet, method->name, length, "comparison"));
      compared.difference = difference.value;
      compared.bounds = difference.bounds;
      compared.p = difference.p_value;
      compared.test = kind_of(difference);
    }
    family.push_back(std::move(compared));
  }
  add_family(design, sheet.protocol, "documents", "paired differences", family, tables);
}

/// Perplexity lengths against the plain model at the trained length, and the cost below it.
class PerplexityClaims {
 public:
  PerplexityClaims(const Runs& runs, const PerplexitySheet& sheet, std::string plain)
      : runs_(runs), sheet_(sheet), plain_(std::move(plain)) {}

  /// Returns the cells of the text table: not worse, better.
  std::vector<std::string> add(const Design::Method& method, Tables& tables) const {
    const Design& design = runs_.design;
    const DocumentCell& control = sheet_.cell(plain_, design.trained_length);
    std::vector<evals::stats::PerplexityCell> cells;
    for (const int64_t length : sheet_.planned) {
      if (length < design.trained_length || !sheet_.has(method.name, length)) continue;
      const DocumentCell& cell = sheet_.cell(method.name, length);
      cells.push_back(
          {length, paired(runs_, sheet_, cell, control), std::max(cell.missing, control.missing)});
    }
    const auto lengths = evals::stats::perplexity_lengths(
        cells, design.trained_length,
        {resamples, design.criterion.alpha,
         base::Json::array({design.seed, sheet_.protocol, method.name, "lengths"})},
        design.delta);
    const bool few = static_cast<int64_t>(sheet_.common.size()) < evals::stats::fewest_documents;
    const std::string condition = few ? "; conditional on these documents" : "";
    const auto add_one = [&](const char* measure, const evals::stats::LengthClaim& claim) {
      Table& row = add_claim(tables, method, sheet_.protocol, measure, claim,
                             in_words(claim, few ? "blocks of targets" : "documents") + condition);
      set_judged_by(row, lengths.steps, claim);
    };
    add_one("ppl_not_worse", lengths.not_worse);
    add_one("ppl_better", lengths.better);
    for (const int64_t length : sheet_.lengths) {
      if (length <= design.trained_length) add_cost(method, length, tables);
    }
    return {in_cell(lengths.not_worse), in_cell(lengths.better)};
  }

 private:
  /// The difference to the control that decided: where the walk ended, or at the last length.
  static void set_judged_by(Table& row, const std::vector<evals::stats::PerplexityStep>& steps,
                            const evals::stats::LengthClaim& claim) {
    const auto length = claim.ended_at ? claim.ended_at : claim.length;
    for (const evals::stats::PerplexityStep& step : steps) {
      if (step.length == length && step.difference) set_estimate(row, *step.difference);
    }
  }

  static void set_estimate(Table& row, const Estimate& estimate) {
    row.set("estimate", estimate.value);
    if (estimate.bounds) row.set("low", estimate.bounds->low).set("high", estimate.bounds->high);
  }

  void add_cost(const Design::Method& method, int64_t length, Tables& tables) const {
    if (!sheet_.has(method.name, length) || !sheet_.has(plain_, length)) return;
    const DocumentCell& ours = sheet_.cell(method.name, length);
    const DocumentCell& theirs = sheet_.cell(plain_, length);
    const auto cost = evals::stats::short_context_cost(
        {length, paired(runs_, sheet_, ours, theirs), std::max(ours.missing, theirs.missing)},
        interval(runs_.design, sheet_, method.name, length, "short context"));
    Table& row = begin_row(tables.effective_length, method, sheet_.protocol);
    row.set("measure", "short_context_cost").set("length", length);
    if (!cost) {
      row.set("note", "unknown: diverged or missing");
      return;
    }
    set_estimate(row.set("note", kind_of(*cost)), *cost);
  }

  const Runs& runs_;
  const PerplexitySheet& sheet_;
  const std::string plain_;
};

/// The method whose scores at the trained length are the control; none when it was not run there.
std::optional<std::string> control_of(const Design& design, const PerplexitySheet& sheet) {
  const auto plain = design.plain();
  if (!sheet.fixed_target || !plain || !sheet.has(*plain, design.trained_length)) return {};
  return plain;
}

}  // namespace

void add_perplexity(const Runs& runs, const PerplexitySheet& sheet, Tables& tables) {
  const Design& design = runs.design;
  const auto plain = control_of(design, sheet);
  TextTable shown;
  for (const int64_t length : sheet.lengths) shown.columns.push_back(std::to_string(length));
  if (plain) {
    shown.columns.emplace_back("not worse");
    shown.columns.emplace_back("better");
  }
  for (const Design::Method* method : in_report_order(design, sheet.methods)) {
    TextTable::Line line{method, {}};
    for (const int64_t length : sheet.lengths) {
      if (!sheet.has(method->name, length)) {
        line.cells.emplace_back();
        continue;
      }
      line.cells.push_back(add_cell(runs, *method, sheet, length, tables));
      add_positions(runs, *method, sheet, length, tables);
    }
    if (plain) {
      for (std::string& cell : PerplexityClaims(runs, sheet, *plain).add(*method, tables)) {
        line.cells.push_back(std::move(cell));
      }
    }
    shown.lines.push_back(std::move(line));
  }
  tables.text += fmt::format("{} (perplexity; {} of {} documents reach every length)\n{}",
                             sheet.protocol, sheet.common.size(), sheet.documents, shown.text());
  if (sheet.fixed_target && !plain) {
    tables.warnings.push_back(fmt::format(
        "{}: no perplexity lengths, since the plain model was not run at the trained length {}; "
        "add a method [] and that length",
        sheet.protocol, design.trained_length));
  }
  for (const int64_t length : sheet.unreached) {
    tables.warnings.push_back(
        fmt::format("{}: no document reaches {} tokens", sheet.protocol, length));
  }
  for (const int64_t length : sheet.not_run) {
    tables.warnings.push_back(fmt::format("{}: not run yet at {}", sheet.protocol, length));
  }
  if (static_cast<int64_t>(sheet.common.size()) < evals::stats::fewest_documents) {
    tables.text +=
        fmt::format("  fewer than {} documents: every bound is conditional on these documents\n",
                    evals::stats::fewest_documents);
  }
  add_comparisons(runs, sheet, tables);
  tables.text += "\n";
}

}  // namespace sweep
