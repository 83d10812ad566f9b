#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "evals/stats/comparison.h"
#include "evals/stats/sample_size.h"
#include "harness/sweep/summary/comparisons.h"
#include "harness/sweep/summary/tables.h"

namespace sweep {
namespace {

using evals::stats::Answer;
using evals::stats::LengthCell;
using evals::stats::LengthClaim;

constexpr const char* band_names[] = {"early", "middle", "late"};

/// Answers of several methods to the same prompts: to all that one of them at least was to answer.
std::vector<std::vector<Answer>> answers_of(const std::vector<const TrialCell*>& cells) {
  std::set<int64_t> prompts;
  for (const TrialCell* cell : cells) {
    for (const auto& [trial, row] : cell->trials) prompts.insert(trial);
  }
  std::vector<std::vector<Answer>> answers;
  for (const TrialCell* cell : cells) {
    auto& to_prompts = answers.emplace_back();
    for (const int64_t trial : prompts) to_prompts.push_back(cell->answer(trial));
  }
  return answers;
}

/// By name, whether a method cannot be told from the best at one length, for all that take part.
/// Members of a grid do not: the best of a grid, chosen from these rows, would be a maximum of
/// noise.
using BestSet = std::map<std::string, bool>;
BestSet best_set(const Design& design, const RetrievalSheet& sheet, int64_t length) {
  std::vector<std::string> names;
  std::vector<const TrialCell*> cells;
  for (const std::string& name : sheet.methods) {
    if (!sheet.has(name, length) || !design.method(name).grid.empty()) continue;
    names.push_back(name);
    cells.push_back(&sheet.cell(name, length));
  }
  const std::vector<std::optional<bool>> in_set =
      evals::stats::not_distinguishable_from_best(answers_of(cells), design.criterion.alpha);
  BestSet best;
  for (size_t i = 0; i < names.size(); ++i) {
    if (in_set[i]) best[names[i]] = *in_set[i];
  }
  return best;
}

void add_cell(const Design& design, const Design::Method& method, const RetrievalSheet& sheet,
              int64_t length, std::optional<int64_t> band, const BestSet& best, Tables& tables) {
  const TrialCell& cell = sheet.cell(method.name, length);
  const LengthCell count = cell.count(length, band);
  if (band && count.answers() == 0) return;
  Table& row = begin_row(tables.summary, method, sheet.protocol);
  row.set("length", length)
      .set("band", band ? band_names[*band] : "all")
      .set("n", count.answers())
      .set("hits", count.hits)
      .set("diverged", cell.diverged(band))
      .set("missing", count.missing)
      .set("log_prob", cell.log_prob(band));
  if (const auto found = best.find(method.name); found != best.end()) {
    row.set("in_best_set", found->second);
  }
  if (count.answers() == 0) return;
  const double alpha = design.criterion.alpha;
  const auto wilson = evals::stats::wilson(count.hits, count.answers(), alpha);
  row.set("estimate", static_cast<double>(count.hits) / static_cast<double>(count.answers()))
      .set("low", wilson.low)
      .set("high", wilson.high)
      .set("interval", "wilson")
      .set("exact_low", evals::stats::exact_lower_bound(count.hits, count.answers(), alpha))
      .set("exact_high", evals::stats::exact_upper_bound(count.hits, count.answers(), alpha));
}

/// What the cell that ended a walk upward shows: "44 of 50, needs 47"; why trials are missing.
std::string note_of(const Design& design, const RetrievalSheet& sheet, const std::string& method,
                    const LengthClaim& claim) {
  std::string note = in_words(claim);
  if (!claim.ended_at || claim.ending == evals::stats::Ending::dependent_trials) return note;
  const TrialCell& cell = sheet.cell(method, *claim.ended_at);
  const LengthCell count = cell.count(*claim.ended_at);
  if (count.missing > 0) return fmt::format("{} ({})", note, cell.why_missing());
  const auto needed = evals::stats::hits_needed(count.answers(), design.criterion);
  note += fmt::format(": {} of {}", count.hits, count.answers());
  return needed ? fmt::format("{}, needs {}", note, *needed) : note;
}

std::string failing_note(const RetrievalSheet& sheet, const std::string& method,
                         const LengthClaim& claim) {
  std::string note = in_words(claim);
  std::vector<int64_t> unanswered, dependent;
  for (const LengthCell& cell : sheet.counts(method)) {
    if (cell.answers() == 0) unanswered.push_back(cell.length);
    // A shorter one ends the walk, which the note says already.
    const bool is_passed_over = cell.length > claim.ended_at.value_or(0);
    if (!cell.independent && is_passed_over) dependent.push_back(cell.length);
  }
  if (!unanswered.empty()) note += fmt::format("; never answered: {}", fmt::join(unanswered, ", "));
  if (!dependent.empty()) {
    note += fmt::format("; trials share a source: {}", fmt::join(dependent, ", "));
  }
  return note;
}

struct RetrievalClaims {
  LengthClaim certified, failing, point, worst;
};

RetrievalClaims add_claims(const Design& design, const Design::Method& method,
                           const RetrievalSheet& sheet, Tables& tables) {
  using evals::stats::BandedCell;
  const auto criterion = design.criterion;
  const auto cells = sheet.counts(method.name);
  std::vector<BandedCell> banded(cells.size());
  for (int64_t band = 0; band < evals::stats::depth_bands; ++band) {
    const auto of_band = sheet.counts(method.name, band);
    for (size_t i = 0; i < cells.size(); ++i) banded[i][static_cast<size_t>(band)] = of_band[i];
  }
  RetrievalClaims claims;
  claims.certified = evals::stats::certified_length(cells, criterion);
  claims.failing = evals::stats::failing_length(cells, criterion);
  claims.point = evals::stats::point_length(cells, criterion.tau);
  claims.worst = evals::stats::worst_depth_length(banded, criterion);
  const auto add = [&](const std::string& measure, const LengthClaim& claim,
                       const std::string& note) {
    add_claim(tables, method, sheet.protocol, measure, claim, note);
  };
  add("L_cert", claims.certified, note_of(design, sheet, method.name, claims.certified));
  add("L_fail", claims.failing, failing_note(sheet, method.name, claims.failing));
  add("L_point", claims.point, in_words(claims.point));
  for (size_t band = 0; band < std::size(band_names); ++band) {
    // One band three times: the rule of at least 20 trials holds for each alone as well.
    std::vector<BandedCell> alone = banded;
    for (BandedCell& cell : alone) cell.fill(BandedCell(cell)[band]);
    const LengthClaim claim = evals::stats::worst_depth_length(alone, criterion);
    add(fmt::format("L_cert_{}", band_names[band]), claim, in_words(claim));
  }
  add("L_cert_worst_depth", claims.worst, in_words(claims.worst));
  return claims;
}

void add_comparisons(const Design& design, const RetrievalSheet& sheet, Tables& tables) {
  std::vector<Comparison> family;
  for (const auto& [method, length] : compared_cells(design, sheet, sheet.lengths)) {
    const auto answers =
        answers_of({&sheet.cell(method->name, length), &sheet.cell(design.baseline, length)});
    const auto counts = evals::stats::pair_up(answers[0], answers[1]);
    Comparison compared{.method = method,
                        .length = length,
                        .pairs = counts.pairs(),
                        .excluded = counts.excluded,
                        .only_method = counts.only_first,
                        .only_baseline = counts.only_second,
                        .test = "mcnemar exact",
                        .difference = {},
                        .bounds = {},
                        .p = {}};
    if (counts.pairs() > 0) {
      compared.difference = counts.difference();
      compared.bounds = evals::stats::newcombe(counts, design.criterion.alpha);
      compared.p = evals::stats::mcnemar_exact(counts);
    }
    family.push_back(std::move(compared));
  }
  add_family(design, sheet.protocol, "prompts", "exact McNemar tests", family, tables);
}

std::string in_cell(const TrialCell& cell, int64_t length, bool is_best) {
  const LengthCell count = cell.count(length);
  if (count.answers() == 0) return cell.why_missing();
  std::string text = fmt::format("{}/{}{}", count.hits, count.answers(), is_best ? "*" : "");
  if (const int64_t diverged = cell.diverged({}); diverged > 0) {
    text += fmt::format(" ({} diverged)", diverged);
  }
  if (count.missing > 0) text += fmt::format(" ({})", cell.why_missing());
  return text;
}

}  // namespace

void add_retrieval(const Design& design, const RetrievalSheet& sheet, Tables& tables) {
  TextTable shown;
  for (const int64_t length : sheet.lengths) shown.columns.push_back(std::to_string(length));
  // Without a needle there is no depth, one that stays where it is has another at every length, and
  // neither says how far keys are found.
  const bool has_depths = !sheet.absolute && !sheet.absent;
  if (has_depths) {
    for (const char* column : {"L_cert", "L_fail", "L_point", "worst depth"}) {
      shown.columns.emplace_back(column);
    }
  }
  std::map<int64_t, BestSet> best;
  for (const int64_t length : sheet.lengths) {
    if (!sheet.absent) best[length] = best_set(design, sheet, length);
  }
  for (const Design::Method* method : in_report_order(design, sheet.methods)) {
    TextTable::Line line{method, {}};
    for (const int64_t length : sheet.lengths) {
      if (!sheet.has(method->name, length)) {
        line.cells.emplace_back();
        continue;
      }
      add_cell(design, *method, sheet, length, {}, best[length], tables);
      for (int64_t band = 0; band < evals::stats::depth_bands && has_depths; ++band) {
        add_cell(design, *method, sheet, length, band, {}, tables);
      }
      const auto found = best[length].find(method->name);
      line.cells.push_back(in_cell(sheet.cell(method->name, length), length,
                                   found != best[length].end() && found->second));
    }
    if (has_depths) {
      const RetrievalClaims claims = add_claims(design, *method, sheet, tables);
      for (const LengthClaim* claim :
           {&claims.certified, &claims.failing, &claims.point, &claims.worst}) {
        line.cells.push_back(in_cell(*claim));
      }
    }
    shown.lines.push_back(std::move(line));
  }
  tables.text += fmt::format("{} (hits / answers{})\n{}", sheet.protocol,
                             sheet.absent ? ", negative control" : "", shown.text());
  if (sheet.absolute) {
    tables.text +=
        "  the needle stays where it is: this is how far back a method reaches, and no length is "
        "certified by it\n";
  }
  if (const std::vector<int64_t> lengths = sheet.dependent_lengths(); !lengths.empty()) {
    tables.warnings.push_back(fmt::format(
        "{}: several trials share a document at {}, so that no certificate reaches that far; "
        "give one document per trial, each long enough",
        sheet.protocol, fmt::join(lengths, ", ")));
  }
  if (!sheet.absent) add_comparisons(design, sheet, tables);
  tables.text += "\n";
}

}  // namespace sweep
