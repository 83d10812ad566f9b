#include "harness/sweep/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <new>
#include <string>
#include <utility>

#include "harness/base/error.h"
#include "harness/sweep/price.h"

namespace sweep {
namespace {

constexpr int64_t deaths_allowed = 1;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Runner {
 public:
  Runner(const Prepared& prepared, RunDirectory& directory, const SweepOptions& options)
      : prepared_(prepared),
        directory_(directory),
        options_(options),
        pricer_(prepared),
        start_(std::chrono::steady_clock::now()) {}

  SweepResult run() {
    const Schedule schedule(prepared_, options_.selection);
    count_ahead(schedule);
    leave_out_what_is_known_to_fail(schedule);
    report(0);
    schedule.run([&]() -> const Rows& { return directory_.rows(); },
                 [&](const Turn& turn) {
                   if (is_done(turn.group)) {
                     count_before(turn.group);
                     return true;
                   }
                   if (turn.is_spared) {
                     result_.spared += size(turn.group);
                     settle(turn.group);
                     return true;
                   }
                   if (options_.stop && options_.stop()) {
                     result_.stopped = true;
                     return false;
                   }
                   return visit(turn);
                 });
    directory_.commit();
    progress_.doing.clear();
    report_settled();
    return result_;
  }

 private:
  bool is_done(const Group& group) const {
    return sweep::is_done(group, directory_.rows(), options_.retry);
  }

  void count_before(const Group& group) {
    for (const Row& cell : group.cells()) {
      const Status status = directory_.rows().at(cell.cell).status;
      result_.failed_before += status == Status::failed || status == Status::out_of_memory;
    }
  }

  static int64_t size(const Group& group) { return static_cast<int64_t>(group.cells().size()); }

  void count_ahead(const Schedule& schedule) {
    const Rows none;
    schedule.run([&]() -> const Rows& { return none; },
                 [&](const Turn& turn) {
                   const double share = pricer_.flops(*turn.series.method, turn.group) /
                                        static_cast<double>(size(turn.group));
                   progress_.all_cells += static_cast<int64_t>(turn.cells.size());
                   for (const Row& cell : turn.cells) {
                     if (sweep::is_done(cell, directory_.rows(), options_.retry)) continue;
                     ahead_.emplace(cell.cell, share);
                     progress_.flops_ahead += share;
                   }
                   return true;
                 });
    progress_.cells = progress_.all_cells - static_cast<int64_t>(ahead_.size());
  }

  /// Cells behind lengths that failed in earlier runs will cost nothing. They count as cells until
  /// their turn comes.
  void leave_out_what_is_known_to_fail(const Schedule& schedule) {
    if (directory_.rows().empty()) return;  // a walk through all cells takes a second or so
    schedule.run([&]() -> const Rows& { return directory_.rows(); },
                 [&](const Turn& turn) {
                   if (!turn.is_spared && turn.skipped.empty()) return true;
                   for (const Row& cell : turn.group.cells()) {
                     const auto found = ahead_.find(cell.cell);
                     if (found == ahead_.end()) continue;
                     progress_.flops_ahead -= found->second;
                     found->second = 0;
                   }
                   return true;
                 });
  }

  /// What was reckoned for the cells of a group that are still ahead.
  double flops_ahead(const Group& group) const {
    double sum = 0;
    for (const Row& cell : group.cells()) {
      const auto found = ahead_.find(cell.cell);
      if (found != ahead_.end()) sum += found->second;
    }
    return sum;
  }

  void settle(const Group& group) {
    progress_.flops_ahead = std::max(0.0, progress_.flops_ahead - flops_ahead(group));
    for (const Row& cell : group.cells()) ahead_.erase(cell.cell);
  }

  /// `flops`, `ahead`: of the group in work, all it takes and what was reckoned for it.
  void report(double fraction, double flops = 0, double ahead = 0) {
    if (!options_.report) return;
    SweepProgress progress = progress_;
    progress.fraction = fraction;
    progress.flops += (fraction - restored_) * flops;
    progress.flops_ahead -= fraction * ahead;
    progress.seconds = seconds_since(start_);
    options_.report(progress);
  }

  void report_settled() {
    progress_.cells = progress_.all_cells - static_cast<int64_t>(ahead_.size());
    report(0);
  }

  /// False when the sweep is to stop.
  bool visit(const Turn& turn) {
    const Group& group = turn.group;
    const std::string id = group.id();
    progress_.doing = fmt::format("{} {} {}", turn.series.method->name,
                                  group.cells().front().protocol, group.cells().back().length);
    const auto start = std::chrono::steady_clock::now();
    const double flops = pricer_.flops(*turn.series.method, group);
    int64_t tokens = 0;
    std::vector<Row> rows;
    if (!turn.skipped.empty()) {
      rows = without_results(group, Status::skipped, turn.skipped);
    } else if (directory_.deaths(id) > 0 && !group.parts().empty()) {
      return visit_parts(turn);
    } else if (!options_.retry && directory_.deaths(id) > deaths_allowed) {
      rows = without_results(
          group, Status::failed,
          fmt::format("the process died {} times in this group, perhaps out of memory",
                      directory_.deaths(id)));
    } else {
      directory_.begin(id);
      try {
        rows = ask(turn, flops);
      } catch (const base::Error& error) {
        directory_.give_up(id);
        if (error.fault() != base::Fault::cancelled) throw;
        result_.stopped = true;
        return false;
      }
      if (rows.front().status == Status::out_of_memory && !group.parts().empty()) {
        directory_.give_up(id);
        return visit_parts(turn);
      }
      tokens = std::llround((1 - restored_) * static_cast<double>(group.tokens()));
      progress_.flops += (1 - restored_) * flops;
    }
    directory_.finish(id, rows, seconds_since(start), tokens);
    count(rows);
    progress_.tokens += tokens;
    settle(group);
    if (directory_.commit_if_due()) report_settled();
    return true;
  }

  /// One by one, what did not fit into memory together.
  bool visit_parts(const Turn& turn) {
    snapshots_of(turn.group)->clear();
    for (const auto& part : turn.group.parts()) {
      if (options_.stop && options_.stop()) {
        result_.stopped = true;
        return false;
      }
      if (!visit({*part, part->cells(), turn.series, turn.skipped, turn.is_spared})) return false;
    }
    return true;
  }

  std::vector<Row> ask(const Turn& turn, double flops) {
    const Group& group = turn.group;
    const double ahead = flops_ahead(group);
    const std::unique_ptr<evals::Snapshots> snapshots = snapshots_of(group);
    restored_ = 0;
    const evals::Progress progress{.report =
                                       [&](int64_t done, int64_t total, int64_t restored) {
                                         directory_.commit_if_due();
                                         const double all =
                                             static_cast<double>(std::max<int64_t>(1, total));
                                         restored_ = static_cast<double>(restored) / all;
                                         report(static_cast<double>(done) / all, flops, ahead);
                                       },
                                   .cancelled = options_.stop,
                                   .snapshots = snapshots.get()};
    try {
      return group.run(model_under(turn.series), directory_, progress);
    } catch (const base::Error& error) {
      if (error.fault() != base::Fault::input) throw;
      return without_results(group, Status::skipped, error.what());  // hay too short, ...
    } catch (const std::bad_alloc&) {
      return without_results(group, Status::out_of_memory, "out of memory");
    } catch (const std::exception& error) {
      return without_results(group, Status::failed, error.what());
    }
  }

  std::unique_ptr<evals::Snapshots> snapshots_of(const Group& group) {
    return directory_.snapshots(group.id(), prepared_.subject().numerics(), options_.snapshot_pause,
                                [this](const std::string& warning) {
                                  const bool is_news = !std::exchange(has_warned_, true);
                                  if (is_news && options_.warn) options_.warn(warning);
                                });
  }

  evals::LanguageModel& model_under(const Series& series) {
    if (model_of_ != series.method) {
      model_.reset();
      model_ = prepared_.subject().under(series.method->chain);
      model_of_ = series.method;
    }
    return *model_;
  }

  static std::vector<Row> without_results(const Group& group, Status status,
                                          const std::string& reason) {
    std::vector<Row> rows = group.cells();
    for (Row& row : rows) {
      if (row.status == Status::skipped) continue;  // has a reason of its own
      row.status = status;
      row.reason = reason;
    }
    return rows;
  }

  void count(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      ++result_.cells;
      result_.skipped += row.status == Status::skipped;
      result_.diverged += row.status == Status::diverged;
      result_.failed += row.status == Status::failed || row.status == Status::out_of_memory;
    }
  }

  const Prepared& prepared_;
  RunDirectory& directory_;
  const SweepOptions& options_;
  Pricer pricer_;
  const std::chrono::steady_clock::time_point start_;
  SweepProgress progress_;
  double restored_ = 0;                  ///< of the group in work, the share that a snapshot saved
  std::map<std::string, double> ahead_;  ///< cells that are not settled, and their share of work
  SweepResult result_;
  std::unique_ptr<evals::LanguageModel> model_;
  const PreparedMethod* model_of_ = nullptr;
  bool has_warned_ = false;  ///< where one state finds no room, hundreds may
};

}  // namespace

SweepResult run_sweep(const Prepared& prepared, RunDirectory& directory,
                      const SweepOptions& options) {
  return Runner(prepared, directory, options).run();
}

}  // namespace sweep
