#include "harness/sweep/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "harness/base/error.h"

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
        start_(std::chrono::steady_clock::now()) {}

  SweepResult run() {
    const Schedule schedule(prepared_, options_.selection);
    count_ahead(schedule);
    schedule.run([&]() -> const Rows& { return directory_.rows(); },
                 [&](const Group& group, const Series& series, const std::string& skipped) {
                   if (is_done(group)) return true;
                   if (options_.stop && options_.stop()) {
                     result_.stopped = true;
                     return false;
                   }
                   return visit(group, series, skipped);
                 });
    directory_.commit();
    progress_.cells = result_.cells;
    report(1);
    return result_;
  }

 private:
  bool is_done(const Group& group) const {
    return std::all_of(group.cells().begin(), group.cells().end(), [&](const Row& cell) {
      const auto found = directory_.rows().find(cell.cell);
      if (found == directory_.rows().end()) return false;
      const Status status = found->second.status;
      return !(options_.retry && (status == Status::out_of_memory || status == Status::failed));
    });
  }

  void count_ahead(const Schedule& schedule) {
    schedule.run([&]() -> const Rows& { return directory_.rows(); },
                 [&](const Group& group, const Series&, const std::string& skipped) {
                   if (!is_done(group)) {
                     progress_.cells_ahead += static_cast<int64_t>(group.cells().size());
                     if (skipped.empty()) progress_.tokens_ahead += group.tokens();
                   }
                   return true;
                 });
  }

  void report(double fraction) {
    if (!options_.report) return;
    progress_.fraction = fraction;
    progress_.seconds = seconds_since(start_);
    options_.report(progress_);
  }

  /// False when the sweep is to stop.
  bool visit(const Group& group, const Series& series, const std::string& skipped) {
    const std::string id = group.id();
    progress_.doing = fmt::format("{} {} {}", series.method->name, group.cells().front().protocol,
                                  group.cells().back().length);
    const auto start = std::chrono::steady_clock::now();
    const int64_t tokens = skipped.empty() ? group.tokens() : 0;
    std::vector<Row> rows;
    if (!skipped.empty()) {
      rows = without_results(group, Status::skipped, skipped);
    } else if (!options_.retry && directory_.deaths(id) > deaths_allowed) {
      rows = without_results(
          group, Status::failed,
          fmt::format("the process died {} times in this group, perhaps out of memory",
                      directory_.deaths(id)));
    } else {
      directory_.begin(id);
      try {
        rows = ask(group, series);
      } catch (const base::Error& error) {
        directory_.give_up(id);
        if (error.fault() != base::Fault::cancelled) throw;
        result_.stopped = true;
        return false;
      }
    }
    directory_.finish(id, rows, seconds_since(start), tokens);
    count(rows);
    progress_.tokens += tokens;
    progress_.tokens_ahead -= tokens;
    progress_.cells_ahead -= static_cast<int64_t>(rows.size());
    if (directory_.commit_if_due()) {
      progress_.cells = result_.cells;
      report(0);
    }
    return true;
  }

  std::vector<Row> ask(const Group& group, const Series& series) {
    const evals::Progress progress{
        .report =
            [&](int64_t done, int64_t total) {
              directory_.commit_if_due();
              report(static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, total)));
            },
        .cancelled = options_.stop};
    try {
      return group.run(model_under(series), directory_, progress);
    } catch (const base::Error& error) {
      if (error.fault() != base::Fault::input) throw;
      return without_results(group, Status::skipped, error.what());  // hay too short, ...
    } catch (const std::bad_alloc&) {
      return without_results(group, Status::out_of_memory, "out of memory");
    } catch (const std::exception& error) {
      return without_results(group, Status::failed, error.what());
    }
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
  const std::chrono::steady_clock::time_point start_;
  SweepProgress progress_;
  SweepResult result_;
  std::unique_ptr<evals::LanguageModel> model_;
  const PreparedMethod* model_of_ = nullptr;
};

}  // namespace

SweepResult run_sweep(const Prepared& prepared, RunDirectory& directory,
                      const SweepOptions& options) {
  return Runner(prepared, directory, options).run();
}

}  // namespace sweep
