#include "harness/sweep/verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/sha256.h"
#include "harness/sweep/run_directory.h"

namespace sweep {
namespace {

/// Scores of one cell, nats, in the order in which it scored them.
std::vector<float> scores_of(const Row& row, const std::filesystem::path& run) {
  if (row.retrieval) return row.retrieval->log_probs;
  std::vector<float> scores;
  for (const Forward& forward : row.perplexity->forwards) {
    const std::vector<float> nll = read_nll(forward, run);
    scores.insert(scores.end(), nll.begin(), nll.end());
  }
  return scores;
}

double largest_difference(const std::vector<float>& first, const std::vector<float>& again) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (first.size() != again.size()) return infinite;
  double largest = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    // Equal infinities have no difference, and of what diverged both times there is none to tell.
    if (first[i] == again[i] || (std::isnan(first[i]) && std::isnan(again[i]))) continue;
    const double difference = std::abs(static_cast<double>(first[i]) - again[i]);
    largest = std::max(largest, std::isnan(difference) ? infinite : difference);
  }
  return largest;
}

std::vector<evals::Window> windows_of(const PerplexityResult& perplexity) {
  std::vector<evals::Window> windows;
  for (const Forward& forward : perplexity.forwards) windows.push_back(forward.window);
  return windows;
}

std::string outcome(const Row& row) {
  if (row.status != Status::ok) return fmt::format("{} ({})", name(row.status), row.reason);
  if (row.retrieval) return row.retrieval->hit ? "a hit" : "a miss";
  return fmt::format("perplexity {:.4f}", std::exp(row.perplexity->nll));
}

bool is_same_outcome(const Row& first, const Row& again) {
  if (first.status != again.status) return false;
  if (first.status != Status::ok) return true;
  if (first.retrieval) return first.retrieval->hit == again.retrieval->hit;
  return std::abs(first.perplexity->nll - again.perplexity->nll) <= agreeing_nll;
}

std::string disagreement_of(const Row& first, const Row& again) {
  if (!is_missing(again.status)) {
    if (first.plan != again.plan) return "the rotary plan is another";
    if (first.retrieval && first.retrieval->prompt_sha256 != again.retrieval->prompt_sha256) {
      return "the prompt is another";
    }
    if (first.perplexity && windows_of(*first.perplexity) != windows_of(*again.perplexity)) {
      return "the windows of the text are others";
    }
  }
  if (is_same_outcome(first, again)) return {};
  return fmt::format("{}, and {} when asked again", outcome(first), outcome(again));
}

/// Where a cell stands in a draw: the same wherever it is drawn.
std::string lot(const std::string& cell, int64_t seed) {
  return base::sha256_hex(fmt::format("{} {}", seed, cell));
}

}  // namespace

std::set<std::string> draw_cells(const Prepared& prepared, const Selection& selection,
                                 const std::filesystem::path& run, int64_t count, int64_t seed) {
  require_run(run);
  require_same_run(run, to_json(prepared.experiment()), prepared.identity(),
                   "give the model and the files that the run was made with");
  const Rows rows = answers(run);
  std::vector<std::pair<std::string, std::string>> lots;
  Schedule(prepared, selection)
      .run([&]() -> const Rows& { return rows; },
           [&](const Turn& turn) {
             for (const Row& cell : turn.cells) {
               // A group that serves all lengths comes with those that were not chosen too.
               if (!selection.has_length(cell.length) || !rows.contains(cell.cell)) continue;
               lots.emplace_back(lot(cell.cell, seed), cell.cell);
             }
             return true;
           });
  if (lots.empty()) {
    base::reject(
        run.string(), "", "has no answer to a cell that could be asked again",
        "ropewalk sweep --dry-run lists what is missing there; --only may leave out too much");
  }
  std::sort(lots.begin(), lots.end());
  lots.resize(std::min(lots.size(), static_cast<size_t>(count)));
  std::set<std::string> cells;
  for (const auto& drawn : lots) cells.insert(drawn.second);
  return cells;
}

std::vector<Repetition> repetitions(const std::set<std::string>& cells,
                                    const std::filesystem::path& first,
                                    const std::filesystem::path& again) {
  const Rows before = standing_rows(first);
  const Rows now = standing_rows(again);
  std::vector<Repetition> repetitions;
  for (const std::string& cell : cells) {
    const auto one = before.find(cell);
    const auto other = now.find(cell);
    if (one == before.end() || other == now.end()) continue;
    repetitions.push_back(
        {one->second, other->second,
         largest_difference(scores_of(one->second, first), scores_of(other->second, again)),
         disagreement_of(one->second, other->second)});
  }
  std::sort(repetitions.begin(), repetitions.end(), [](const Repetition& a, const Repetition& b) {
    return std::tie(a.first.protocol, a.first.length, a.first.method, a.first.cell) <
           std::tie(b.first.protocol, b.first.length, b.first.method, b.first.cell);
  });
  return repetitions;
}

}  // namespace sweep
