#include "harness/sweep/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "harness/sweep/trial_batches.h"

namespace sweep {
namespace {

/// Whether a choice, of which an empty one is of all, has this value.
template <typename Value>
bool has(const std::vector<Value>& chosen, const Value& value) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), value) != chosen.end();
}

/// Whether `id` begins with all parts of `protocol`: passkey/landmark/1/... with passkey/landmark.
bool is_of(const std::string& id, const std::string& protocol) {
  return (id + "/").starts_with(protocol + "/");
}

bool is_absolute(const Eval& eval) {
  return eval.retrieval && eval.retrieval->placement == evals::Placement::absolute;
}

}  // namespace

bool Selection::has_length(int64_t length) const { return has(lengths, length); }

Schedule::Schedule(const Prepared& prepared, Selection selection)
    : prepared_(prepared),
      selection_(std::move(selection)),
      adaptation_{prepared.experiment().trials_after_failure,
                  prepared.experiment().skip_after,
                  {prepared.experiment().tau, prepared.experiment().alpha}} {
  base::Problems problems;
  std::set<int64_t> known_lengths;
  for (const Eval& eval : prepared_.experiment().evals) {
    known_lengths.insert(eval.lengths.begin(), eval.lengths.end());
  }
  for (const int64_t length : selection_.lengths) {
    if (!known_lengths.count(length)) {
      problems.add("--only", fmt::format("no eval has length {}", length));
    }
  }
  std::set<std::string> known_methods;
  for (const PreparedMethod& method : prepared_.methods()) known_methods.insert(method.name);
  for (const std::string& method : selection_.methods) {
    if (!known_methods.count(method)) {
      problems.add("--only", fmt::format("no method is named {}", method),
                   fmt::format("known: {}", fmt::join(known_methods, ", ")));
    }
  }
  std::set<std::string> known_protocols;
  for (const PreparedEval& eval : prepared_.evals()) known_protocols.insert(eval.protocol);
  for (const std::string& protocol : selection_.protocols) {
    if (std::none_of(known_protocols.begin(), known_protocols.end(),
                     [&](const std::string& known) { return is_of(known, protocol); })) {
      problems.add("--only", fmt::format("no eval has protocol {}", protocol),
                   fmt::format("known: {}", fmt::join(known_protocols, ", ")));
    }
  }
  problems.throw_if_any("");

  for (size_t eval = 0; eval < prepared_.evals().size(); ++eval) {
    for (const std::string& name : prepared_.experiment().evals[eval].methods) {
      series_.push_back({&prepared_.method(name), eval});
    }
  }
}

std::vector<Schedule::Stop> Schedule::stops() const {
  std::vector<Stop> stops;
  for (size_t i = 0; i < series_.size(); ++i) {
    const Eval& eval = prepared_.experiment().evals[series_[i].eval];
    if (serves_all_lengths(series_[i])) {
      stops.push_back({eval.lengths.front(), i});
      continue;
    }
    for (const int64_t length : eval.lengths) stops.push_back({length, i});
  }
  std::stable_sort(stops.begin(), stops.end(),
                   [](const Stop& a, const Stop& b) { return a.length < b.length; });
  return stops;
}

bool Schedule::serves_all_lengths(const Series& series) const {
  const auto* perplexity = prepared_.evals()[series.eval].settings.protocol;
  return is_absolute(prepared_.experiment().evals[series.eval]) ||
         (perplexity && perplexity->windows == evals::Windows::truncated);
}

bool Schedule::mine(size_t series, int64_t unit) const {
  // Where results decide what is run next, one process must see the whole series.
  const int64_t ordinal = adaptation_.is_adaptive() ? static_cast<int64_t>(series) : unit;
  return ordinal % selection_.shards == selection_.shard;
}

bool Schedule::is_selected(const Stop& stop) const {
  const Series& series = series_[stop.series];
  const std::string& id = prepared_.evals()[series.eval].protocol;
  const auto& protocols = selection_.protocols;
  const auto has_length = [&](int64_t length) { return selection_.has_length(length); };
  const std::vector<int64_t>& lengths = prepared_.experiment().evals[series.eval].lengths;
  return has(selection_.methods, series.method->name) &&
         (protocols.empty() ||
          std::any_of(protocols.begin(), protocols.end(),
                      [&](const std::string& protocol) { return is_of(id, protocol); })) &&
         (serves_all_lengths(series) ? std::any_of(lengths.begin(), lengths.end(), has_length)
                                     : has_length(stop.length));
}

bool Schedule::is_selected(const Row& cell) const {
  return selection_.cells.empty() || selection_.cells.contains(cell.cell);
}

bool Schedule::has_selected(const Group& group) const {
  return std::any_of(group.cells().begin(), group.cells().end(),
                     [&](const Row& cell) { return is_selected(cell); });
}

std::unique_ptr<Group> Schedule::perplexity_group_of(const Series& series, size_t document,
                                                     std::vector<int64_t> lengths) const {
  const auto group_at = [&](const std::vector<int64_t>& at) {
    return perplexity_group(prepared_, *series.method, series.eval, at, document);
  };
  auto group = group_at(lengths);
  if (selection_.cells.empty()) return group;
  auto cell = group->cells().begin();
  std::erase_if(lengths, [&](int64_t) { return !is_selected(*cell++); });
  return lengths.empty() ? nullptr : group_at(lengths);
}

Schedule::Units Schedule::units(const Series& series, int64_t length) const {
  const auto& retrieval = prepared_.experiment().evals[series.eval].retrieval;
  Units units(retrieval ? static_cast<size_t>(retrieval->trials.at(length))
                        : prepared_.evals()[series.eval].documents.size());
  std::iota(units.begin(), units.end(), 0);
  return units;
}

std::unique_ptr<Group> Schedule::group_of(const Series& series, int64_t length,
                                          const Units& trials) const {
  return retrieval_group(prepared_, *series.method, series.eval, length, trials);
}

std::vector<Schedule::Planned> Schedule::groups(const Series& series, int64_t length,
                                                const Units& units, const Quota& quota,
                                                const Rows& done) const {
  std::vector<Planned> groups;
  const Eval& eval = prepared_.experiment().evals[series.eval];
  if (!eval.retrieval) {
    const auto lengths = serves_all_lengths(series) ? eval.lengths : std::vector<int64_t>{length};
    for (const int64_t document : units) {
      auto group = perplexity_group_of(series, static_cast<size_t>(document), lengths);
      if (group) groups.push_back({std::move(group), false});
    }
    return groups;
  }
  std::vector<SharingTrial> kept;
  std::vector<SharingTrial> spared;
  for (const int64_t trial : units) {
    auto one = group_of(series, length, {trial});
    if (!has_selected(*one)) continue;
    const bool is_spared = !eval.retrieval->depths.is_kept(trial, quota.trials);
    if (is_done(*one, done, /*retry=*/false)) {
      groups.push_back({std::move(one), is_spared});
    } else {
      (is_spared ? spared : kept)
          .push_back({trial, prepared_.shared_tokens(series.eval, length, trial)});
    }
  }
  const int64_t path = prepared_.path(series.eval, length);
  for (const auto& batch : batch_trials(std::move(kept), path)) {
    groups.push_back({group_of(series, length, batch), false});
  }
  for (const auto& batch : batch_trials(std::move(spared), path)) {
    groups.push_back({group_of(series, length, batch), true});
  }
  return groups;
}

Quota Schedule::quota(const Series& series, int64_t length, const Rows& rows) const {
  const Eval& eval = prepared_.experiment().evals[series.eval];
  if (!eval.retrieval) return {};
  const auto& trials = eval.retrieval->trials;
  if (is_absolute(eval) || eval.retrieval->absent || !adaptation_.is_adaptive()) {
    return {trials.at(length), ""};  // a control without a needle is to find nothing
  }
  std::vector<evals::stats::LengthCell> cells;
  for (const int64_t shorter : eval.lengths) {
    if (shorter >= length) break;
    const Quota asked = sweep::quota(adaptation_, trials.at(shorter), cells);
    evals::stats::LengthCell cell{shorter, 0, 0, 0};
    for (const int64_t trial : units(series, shorter)) {
      if (!eval.retrieval->depths.is_kept(trial, asked.trials)) continue;
      const auto found = rows.find(group_of(series, shorter, {trial})->cells().front().cell);
      if (found != rows.end() && !is_missing(found->second.status)) {
        ++(found->second.retrieval->hit ? cell.hits : cell.misses);
      } else {
        ++cell.missing;
      }
    }
    cells.push_back(cell);
  }
  return sweep::quota(adaptation_, trials.at(length), cells);
}

void Schedule::run(const std::function<const Rows&()>& rows,
                   const std::function<bool(const Turn&)>& visit) const {
  int64_t ordinal = 0;
  std::set<std::string> visited;
  for (const Stop& stop : stops()) {
    const Series& series = series_[stop.series];
    const Quota quota = this->quota(series, stop.length, rows());
    Units units = this->units(series, stop.length);
    std::erase_if(units, [&](int64_t) { return !mine(stop.series, ordinal++); });
    if (!is_selected(stop)) continue;
    for (const Planned& planned : groups(series, stop.length, units, quota, rows())) {
      std::vector<Row> cells = planned.group->cells();
      std::erase_if(cells, [&](const Row& cell) { return !visited.insert(cell.cell).second; });
      if (cells.empty()) continue;
      if (!visit({*planned.group, cells, series, quota.skipped, planned.is_spared})) return;
    }
  }
}

void Schedule::each_group(const Series& series, const Rows& rows,
                          const std::function<void(const Group&)>& visit) const {
  for (const Stop& stop : stops()) {
    const Series& stopping = series_[stop.series];
    if (stopping.method != series.method || stopping.eval != series.eval) continue;
    const Quota quota = this->quota(series, stop.length, rows);
    if (!quota.skipped.empty()) continue;
    for (const Planned& planned :
         groups(series, stop.length, units(series, stop.length), quota, {})) {
      if (!planned.is_spared) visit(*planned.group);
    }
  }
}

}  // namespace sweep
