#include "evals/stats/perplexity_length.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "evals/stats/require.h"

namespace evals::stats {
namespace {

using Documents = std::map<std::string, const std::vector<double>*>;

Documents by_name(const PerplexityCell& cell) {
  Documents documents;
  for (const PairedDocument& document : cell.documents) {
    const bool is_new = documents.emplace(document.document, &document.differences).second;
    require(is_new, fmt::format("length {}", cell.length),
            fmt::format("document {} twice", document.document));
    require(!document.differences.empty(), fmt::format("length {}", cell.length),
            fmt::format("document {} has no targets", document.document));
  }
  return documents;
}

bool usable(const PerplexityCell& cell) { return cell.missing == 0 && !cell.documents.empty(); }

std::vector<std::string> common_to_all(const std::vector<Documents>& cells) {
  std::vector<std::string> common;
  if (cells.empty()) return common;
  for (const auto& [name, values] : cells.front()) common.push_back(name);
  for (const Documents& cell : cells) {
    std::erase_if(common, [&](const std::string& name) { return !cell.contains(name); });
  }
  return common;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

Resampling at_length(const Resampling& resampling, int64_t length) {
  Resampling out = resampling;
  out.identity = base::Json::array({resampling.identity, length});
  return out;
}

PerplexityStep judge(int64_t length, const std::vector<std::vector<double>>& values,
                     const Resampling& resampling) {
  PerplexityStep step{length, false, {}};
  step.diverged = !std::all_of(values.begin(), values.end(), all_finite);
  if (!step.diverged) step.difference = document_bootstrap(values, at_length(resampling, length));
  return step;
}

/// Goes up the compared lengths from the first one >= `from` while the upper bound passes.
template <typename Passes>
LengthClaim walk(const std::vector<PerplexityStep>& steps, int64_t from,
                 std::optional<int64_t> missing_at, Passes passes) {
  LengthClaim claim;
  for (const PerplexityStep& step : steps) {
    if (step.length < from) continue;
    std::optional<Ending> ending;
    if (step.diverged) {
      ending = Ending::not_shown;
    } else if (!step.difference->bounds) {
      ending = Ending::too_few_trials;
    } else if (!passes(step.difference->bounds->high)) {
      ending = Ending::not_shown;
    }
    if (ending) {
      claim.ending = *ending;
      claim.ended_at = step.length;
      return claim;
    }
    claim.length = step.length;
  }
  if (missing_at) {
    claim.ending = Ending::missing;
    claim.ended_at = missing_at;
  }
  return claim;
}

}  // namespace

PerplexityLengths perplexity_lengths(const std::vector<PerplexityCell>& cells,
                                     int64_t trained_length, const Resampling& resampling,
                                     double delta) {
  require(delta >= 0, "delta", fmt::format("must be >= 0 (got {})", delta));
  int64_t previous = 0;
  std::vector<Documents> compared;
  std::vector<int64_t> lengths;
  std::optional<int64_t> missing_at;
  for (const PerplexityCell& cell : cells) {
    require(cell.length > previous, "length",
            fmt::format("must increase ({} after {})", cell.length, previous));
    previous = cell.length;
    if (cell.length < trained_length || missing_at) continue;
    if (!usable(cell)) {
      missing_at = cell.length;
      continue;
    }
    compared.push_back(by_name(cell));
    lengths.push_back(cell.length);
  }

  PerplexityLengths out;
  out.common_documents = common_to_all(compared);
  if (out.common_documents.empty()) {
    if (!lengths.empty()) missing_at = lengths.front();
  } else {
    for (size_t c = 0; c < compared.size(); ++c) {
      std::vector<std::vector<double>> values;
      for (const std::string& name : out.common_documents) {
        values.push_back(*compared[c].at(name));
        require(values.back().size() == compared.front().at(name)->size(),
                fmt::format("length {}, document {}", lengths[c], name),
                "has another number of targets than at a shorter length");
      }
      out.steps.push_back(judge(lengths[c], values, resampling));
    }
  }
  out.not_worse =
      walk(out.steps, trained_length, missing_at, [&](double upper) { return upper <= delta; });
  out.better =
      walk(out.steps, trained_length + 1, missing_at, [](double upper) { return upper < 0; });
  return out;
}

std::optional<Estimate> short_context_cost(const PerplexityCell& cell,
                                           const Resampling& resampling) {
  if (!usable(cell)) return {};
  std::vector<std::vector<double>> values;
  for (const auto& [name, differences] : by_name(cell)) values.push_back(*differences);
  const PerplexityStep step = judge(cell.length, values, resampling);
  return step.difference;
}

}  // namespace evals::stats
