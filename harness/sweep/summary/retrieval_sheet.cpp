#include "harness/sweep/summary/retrieval_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "harness/sweep/quota.h"

namespace sweep {
namespace {

using evals::stats::Answer;
using evals::stats::LengthCell;

/// Rows of one protocol, by (method that has the cells, length, trial).
using Trials = std::map<std::string, std::map<int64_t, std::map<int64_t, const Row*>>>;

Trials trials_of(const Runs& runs, const std::string& protocol) {
  Trials trials;
  for (const Row& row : runs.rows) {
    if (row.protocol != protocol || !row.retrieval) continue;
    const std::string& owner = runs.design.method(row.method).rows_of;
    const auto [place, is_new] = trials[owner][row.length].emplace(row.retrieval->trial, &row);
    if (is_new) continue;
    throw base::Error(
        base::Fault::input, "rows.jsonl",
        {protocol,
         fmt::format("{} at length {} has two cells for trial {}", row.method, row.length,
                     row.retrieval->trial),
         "put evals of one protocol with different depths into experiments of their own"});
  }
  return trials;
}

void require_equal_prompts(const Trials& trials, const std::string& protocol) {
  std::map<std::pair<int64_t, int64_t>, const Row*> first;
  for (const auto& [method, lengths] : trials) {
    for (const auto& [length, numbered] : lengths) {
      for (const auto& [trial, row] : numbered) {
        if (row->retrieval->prompt_sha256.empty()) continue;  // never asked
        const Row* other = first.emplace(std::pair(length, trial), row).first->second;
        if (other->retrieval->prompt_sha256 == row->retrieval->prompt_sha256) continue;
        throw base::Error(
            base::Fault::input, "rows.jsonl",
            {protocol,
             fmt::format("length {}, trial {}: {} was asked prompt {:.12}, {} prompt {:.12}",
                         length, trial, other->method, other->retrieval->prompt_sha256, row->method,
                         row->retrieval->prompt_sha256),
             "methods are compared on identical prompts only; run both from one version"});
      }
    }
  }
}

/// Whether no two trials of a cell were cut from one document of the user's own hay.
bool have_own_sources(const TrialCell& cell) {
  std::set<std::string> documents;
  for (const auto& [trial, row] : cell.trials) {
    if (!row || row->retrieval->source.empty()) continue;  // no answer
    const std::string& source = row->retrieval->source;
    if (!documents.insert(source.substr(0, source.rfind('#'))).second) return false;
  }
  return true;
}

Answer answer_of(const Row* row) {
  if (!row || is_missing(row->status)) return Answer::missing;
  return row->status == Status::ok && row->retrieval->hit ? Answer::hit : Answer::miss;
}

/// nullptr where there is none.
const Row* row_of(const Trials& trials, const std::string& method, int64_t length, int64_t trial) {
  const auto lengths = trials.find(method);
  if (lengths == trials.end()) return nullptr;
  const auto rows = lengths->second.find(length);
  if (rows == lengths->second.end()) return nullptr;
  const auto row = rows->second.find(trial);
  return row == rows->second.end() ? nullptr : row->second;
}

/// The cells of one method, planned trials without a row included.
std::map<int64_t, TrialCell> planned_cells(const Design& design,
                                           const std::map<int64_t, const Design::Asked*>& planned,
                                           const Trials& trials, const std::string& owner) {
  std::map<int64_t, TrialCell> cells;
  std::vector<LengthCell> shorter;
  for (const auto& [length, asked] : planned) {
    TrialCell cell{asked->depths, {}};
    const int64_t all = asked->trials.at(length);
    int64_t count = all;
    if (!asked->absolute && !asked->absent) {  // a control is asked at every length
      count = quota({design.trials_after_failure, {}, design.criterion}, all, shorter).trials;
    }
    // Others may have been asked before a shorter length failed: they spread over no design.
    for (int64_t trial = 0; trial < all; ++trial) {
      if (asked->depths.is_kept(trial, count)) {
        cell.trials.emplace(trial, row_of(trials, owner, length, trial));
      }
    }
    cell.independent = !asked->own_hay || have_own_sources(cell);
    shorter.push_back(cell.count(length));
    shorter.back().independent = true;  // what the sweep asks does not depend on shared sources
    cells.emplace(length, std::move(cell));
  }
  return cells;
}

}  // namespace

bool TrialCell::is_in(std::optional<int64_t> band, int64_t trial) const {
  return !band || depths.band_of_trial(trial) == *band;
}

LengthCell TrialCell::count(int64_t length, std::optional<int64_t> band) const {
  LengthCell cell{length, 0, 0, 0, independent};
  for (const auto& [trial, row] : trials) {
    if (!is_in(band, trial)) continue;
    switch (answer_of(row)) {
      case Answer::hit:
        ++cell.hits;
        break;
      case Answer::miss:
        ++cell.misses;
        break;
      case Answer::missing:
        ++cell.missing;
        break;
    }
  }
  return cell;
}

int64_t TrialCell::diverged(std::optional<int64_t> band) const {
  return std::count_if(trials.begin(), trials.end(), [&](const auto& entry) {
    const auto& [trial, row] = entry;
    return row && is_in(band, trial) && row->status == Status::diverged;
  });
}

std::optional<double> TrialCell::log_prob(std::optional<int64_t> band) const {
  double sum = 0;
  int64_t count = 0;
  for (const auto& [trial, row] : trials) {
    if (!row || !is_in(band, trial) || row->status != Status::ok) continue;
    const std::vector<float>& log_probs = row->retrieval->log_probs;
    if (log_probs.empty()) continue;
    double answer = 0;
    for (const float value : log_probs) answer += static_cast<double>(value);
    sum += answer / static_cast<double>(log_probs.size());
    ++count;
  }
  if (count == 0) return {};
  return sum / static_cast<double>(count);
}

Answer TrialCell::answer(int64_t trial) const {
  const auto found = trials.find(trial);
  return answer_of(found == trials.end() ? nullptr : found->second);
}

std::string TrialCell::why_missing() const {
  std::map<std::string, int64_t> reasons;
  for (const auto& [trial, row] : trials) {
    if (!row) {
      ++reasons["not run"];
    } else if (is_missing(row->status)) {
      ++reasons[std::string(name(row->status))];
    }
  }
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, reason);
  }
  return text;
}

const TrialCell& RetrievalSheet::cell(const std::string& method, int64_t length) const {
  return cells_.at({method, length});
}

bool RetrievalSheet::has(const std::string& method, int64_t length) const {
  return cells_.count({method, length}) > 0;
}

std::vector<LengthCell> RetrievalSheet::counts(const std::string& method,
                                               std::optional<int64_t> band) const {
  std::vector<LengthCell> counts;
  for (const int64_t length : lengths) {
    if (has(method, length)) counts.push_back(cell(method, length).count(length, band));
  }
  return counts;
}

std::vector<int64_t> RetrievalSheet::dependent_lengths() const {
  std::set<int64_t> dependent;
  for (const auto& [place, cell] : cells_) {
    if (!cell.independent) dependent.insert(place.second);
  }
  return {dependent.begin(), dependent.end()};
}

std::vector<RetrievalSheet> retrieval_sheets(const Runs& runs) {
  std::set<std::string> protocols;
  for (const Row& row : runs.rows) {
    if (row.retrieval) protocols.insert(row.protocol);
  }
  std::vector<RetrievalSheet> sheets;
  for (const std::string& protocol : protocols) {
    const Trials trials = trials_of(runs, protocol);
    require_equal_prompts(trials, protocol);
    RetrievalSheet sheet;
    sheet.protocol = protocol;
    std::map<std::string, std::map<int64_t, const Design::Asked*>> planned;  // by method, length
    std::set<int64_t> lengths;
    for (const Design::Asked& asked : runs.design.evals) {
      if (!asked.is_retrieval || !asked.is_answered_by(protocol)) continue;
      sheet.absolute = asked.absolute;
      sheet.absent = asked.absent;
      for (const std::string& method : asked.methods) {
        for (const int64_t length : asked.lengths) {
          planned[method][length] = &asked;
          lengths.insert(length);
        }
      }
    }
    sheet.lengths.assign(lengths.begin(), lengths.end());
    for (const Design::Method& method : runs.design.methods) {
      if (planned.count(method.name) == 0) continue;
      sheet.methods.push_back(method.name);
      for (auto& [length, cell] :
           planned_cells(runs.design, planned[method.name], trials, method.rows_of)) {
        sheet.cells_.emplace(std::pair(method.name, length), std::move(cell));
      }
    }
    sheets.push_back(std::move(sheet));
  }
  return sheets;
}

}  // namespace sweep
