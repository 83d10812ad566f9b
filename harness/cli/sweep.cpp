#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "harness/base/error.h"
#include "harness/cli/llama_subject.h"
#include "harness/cli/messages.h"
#include "harness/cli/run_options.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/reuse.h"
#include "harness/sweep/run_directory.h"

namespace cli {
namespace {

struct Arguments {
  RunOptions options;
  std::string experiment;
  std::vector<std::string> from;
  std::string shard;
  bool dry_run = false;
  bool retry = false;
};

/// Adds what --shard chooses to what --only chose.
void choose_shard(const std::string& text, sweep::Selection& selection) {
  const size_t slash = text.find('/');
  int64_t index = 0;
  int64_t count = 0;
  if (slash == std::string::npos || !CLI::detail::lexical_cast(text.substr(0, slash), index) ||
      !CLI::detail::lexical_cast(text.substr(slash + 1), count) || index < 1 || index > count) {
    base::reject("", "--shard", fmt::format("must be i/n with 1 <= i <= n (got \"{}\")", text));
  }
  selection.shard = index - 1;
  selection.shards = count;
}

/// Answers that other runs have to cells without a row here.
struct Taken {
  std::string run;
  std::vector<sweep::Row> rows;
};

std::vector<Taken> take(const sweep::Prepared& prepared, const Arguments& arguments,
                        const sweep::Selection& selection) {
  std::vector<Taken> taken;
  if (arguments.from.empty()) return taken;
  sweep::Rows known = sweep::standing_rows(arguments.options.out);
  for (const std::string& run : arguments.from) {
    taken.push_back({run, sweep::reusable_rows(prepared, selection, known, run)});
    for (const sweep::Row& row : taken.back().rows) known.emplace(row.cell, row);
  }
  return taken;
}

void say_why(const std::vector<std::string>& reasons) {
  if (reasons.empty()) {
    say("  it answers nothing that is asked here and has no row yet\n");
  }
  for (const std::string& reason : reasons) say("  {}\n", reason);
}

/// One line for every method, protocol and length that misses cells.
void print_missing(const sweep::Prepared& prepared, const Arguments& arguments,
                   const sweep::Selection& selection, const std::vector<Taken>& taken) {
  sweep::Rows rows = sweep::standing_rows(arguments.options.out);
  for (const Taken& from : taken) {
    for (const sweep::Row& row : from.rows) rows.emplace(row.cell, row);
  }
  std::vector<std::string> order;
  struct Work {
    int64_t cells = 0;
    int64_t tokens = 0;
  };
  std::map<std::string, Work> missing;
  Work all;
  sweep::Schedule(prepared, selection)
      .run([&]() -> const sweep::Rows& { return rows; },
           [&](const sweep::Turn& turn) {
             if (turn.is_spared || is_done(turn.group, rows, arguments.retry)) return true;
             const auto cells = std::count_if(
                 turn.cells.begin(), turn.cells.end(),
                 [&](const sweep::Row& cell) { return !is_done(cell, rows, arguments.retry); });
             if (cells == 0) return true;
             const sweep::Row& last = turn.group.cells().back();
             const std::string name =
                 fmt::format("{} {} {}", turn.series.method->name, last.protocol, last.length);
             const auto [work, is_new] = missing.try_emplace(name);
             if (is_new) order.push_back(name);
             const int64_t tokens = turn.skipped.empty() ? turn.group.tokens() : 0;
             for (Work* sum : {&work->second, &all}) {
               sum->cells += cells;
               sum->tokens += tokens;
             }
             return true;
           });
  for (const std::string& name : order) {
    fmt::print("{}: {} cells, {} tokens\n", name, missing[name].cells, missing[name].tokens);
  }
  fmt::print("{} cells, {} tokens, if no length fails\n", all.cells, all.tokens);
}

std::vector<std::string> command_of(const Arguments& arguments) {
  const RunOptions& options = arguments.options;
  std::vector<std::string> command = {"sweep", arguments.experiment};
  if (!options.model.empty()) command.insert(command.end(), {"--model", options.model});
  command.insert(command.end(), {"--out", options.out});
  for (const std::string& run : arguments.from) command.insert(command.end(), {"--from", run});
  return command;
}

int run(const Arguments& arguments) {
  const RunOptions& options = arguments.options;
  prepare_process(options);
  sweep::Selection selection = selection_of(options);
  if (!arguments.shard.empty()) choose_shard(arguments.shard, selection);
  const sweep::Experiment experiment = sweep::read_experiment(arguments.experiment, options.model);
  const LlamaSubject subject(experiment);
  warn(subject.warnings());
  const sweep::Prepared prepared(experiment, subject);
  warn(prepared.warnings());
  // Before anything is written: an --only of nobody, a --from that is none must leave nothing
  // behind.
  sweep::Schedule(prepared, selection);
  std::vector<Taken> taken = take(prepared, arguments, selection);
  if (arguments.dry_run) {
    sweep::require_same_run(options.out, sweep::to_json(experiment), prepared.identity());
    print_missing(prepared, arguments, selection, taken);
    return 0;
  }

  const std::unique_ptr<sweep::Storage> storage = sweep::posix_storage();
  sweep::RunDirectory directory(options.out, *storage, sweep::to_json(experiment),
                                prepared.identity(), this_process(command_of(arguments)));
  for (Taken& from : taken) {
    say("{} cells taken from {}\n", from.rows.size(), from.run);
    if (from.rows.empty()) say_why(sweep::why_none_is_reusable(prepared, from.run));
    directory.adopt(std::move(from.rows), from.run);
  }
  const sweep::SweepResult result =
      run_cells(prepared, directory, selection, arguments.retry, options);
  if (result.stopped) return 4;
  say("next: ropewalk summarize {}\n", options.out);
  if (result.failed + result.failed_before == 0) return 0;
  say("--retry runs the failed cells again\n");
  return 3;
}

}  // namespace

void add_sweep(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("sweep", "run the missing cells of an experiment");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("experiment", arguments->experiment, "experiment file (JSON)")->required();
  verb->add_option("--out", arguments->options.out, "run directory: created, or resumed")
      ->required();
  verb->add_option("--from", arguments->from,
                   "run directory of another experiment: take the answers that this one asks for "
                   "too; may be repeated");
  add_run_options(*verb, arguments->options);
  verb->add_option("--shard", arguments->shard,
                   "run part i of n: i/n, into a directory of its own");
  verb->add_flag("--dry-run", arguments->dry_run,
                 "print the cells that are missing, and run nothing");
  verb->add_flag("--retry", arguments->retry, "run cells again that failed or ran out of memory");
  verb->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace cli
