
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>

#include "harness/base/error.h"
#include "harness/base/printable.h"
#include "harness/cli/llama_subject.h"
#include "harness/cli/messages.h"
#include "harness/cli/progress_line.h"
#include "harness/cli/stop_request.h"
#include "harness/cli/verbs.h"
#include "harness/cli/version.h"
#include "harness/model/memory.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/provenance.h"
#include "harness/sweep/reuse.h"
#include "harness/sweep/run_directory.h"
#include "harness/sweep/runner.h"

namespace cli {
namespace {

struct Arguments {
  std::string experiment;
  std::string model;
  std::string out;
  std::vector<std::string> from;
  std::vector<std::string> only;
  std::string shard;
  double max_minutes = 0;
  double snapshot_minutes = 5;
  int threads = 0;
  bool dry_run = false;
  bool retry = false;
};

[[noreturn]] void refuse(const std::string& flag, const std::string& cause) {
  base::reject("", flag, cause);
}

std::optional<int64_t> number(const std::string& text) {
  try {
    size_t used = 0;
    const int64_t value = std::stoll(text, &used);
    if (used == text.size()) return value;
  } catch (const std::exception&) {
  }
  return {};
}

/// Parts between commas; those in brackets belong to a method's name: "yarn[factor=4,truncate=1]".
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts{""};
  int64_t depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "method=yarn,length=8192" adds to two lists; a name repeated widens the choice.
void add_only(const std::string& text, sweep::Selection& selection) {
  for (const std::string& part : parts_of(text)) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == part.npos ? "" : part.substr(equals + 1);
    const auto length = number(value);
    if (key == "method" && !value.empty()) {
      selection.methods.push_back(value);
    } else if (key == "length" && length) {
      selection.lengths.push_back(*length);
    } else if (key == "protocol" && !value.empty()) {
      selection.protocols.push_back(value);
    } else {
      refuse("--only",
             fmt::format("must be method=NAME, protocol=ID or length=TOKENS (got \"{}\")", part));
    }
  }
}

sweep::Selection selection_of(const Arguments& arguments) {
  sweep::Selection selection;
  for (const std::string& only : arguments.only) add_only(only, selection);
  if (!arguments.shard.empty()) {
    const size_t slash = arguments.shard.find('/');
    const int64_t index = number(arguments.shard.substr(0, slash)).value_or(0);
    const int64_t count =
        slash == std::string::npos ? 0 : number(arguments.shard.substr(slash + 1)).value_or(0);
    if (index < 1 || index > count) {
      refuse("--shard", fmt::format("must be i/n with 1 <= i <= n (got \"{}\")", arguments.shard));
    }
    selection.shard = index - 1;
    selection.shards = count;
  }
  return selection;
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
  sweep::Rows known = sweep::standing_rows(arguments.out);
  for (const std::string& run : arguments.from) {
    taken.push_back({run, sweep::reusable_rows(prepared, selection, known, run)});
    for (const sweep::Row& row : taken.back().rows) known.emplace(row.cell, row);
  }
  return taken;
}

/// One line for every method, protocol and length that misses cells.
void print_missing(const sweep::Prepared& prepared, const Arguments& arguments,
                   const sweep::Selection& selection, const std::vector<Taken>& taken) {
  sweep::Rows rows = sweep::standing_rows(arguments.out);
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

/// What provenance says of how results came about.
std::vector<std::string> command_of(const Arguments& arguments) {
  std::vector<std::string> command = {"sweep", arguments.experiment};
  if (!arguments.model.empty()) command.insert(command.end(), {"--model", arguments.model});
  command.insert(command.end(), {"--out", arguments.out});
  for (const std::string& run : arguments.from) command.insert(command.end(), {"--from", run});
  for (std::string& word : command) word = base::printable(word);  // the manifest is UTF-8
  return command;
}

/// For CLI11: what it says itself about a number out of range names the largest double.
std::string above_zero(const std::string& text) {
  double value = 0;
  return CLI::detail::lexical_cast(text, value) && value > 0 ? "" : "must be a number above 0";
}

std::string not_negative(const std::string& text) {
  double value = 0;
  return CLI::detail::lexical_cast(text, value) && value >= 0 ? "" : "must be a number, 0 or more";
}

int run(const Arguments& arguments) {
  if (arguments.out.empty()) refuse("--out", "names no folder");
  model::return_large_buffers();
  if (arguments.threads > 0) at::set_num_threads(arguments.threads);
  const sweep::Selection selection = selection_of(arguments);
  const sweep::Experiment experiment =
      sweep::read_experiment(arguments.experiment, arguments.model);
  const LlamaSubject subject(experiment);
  warn(subject.warnings());
  const sweep::Prepared prepared(experiment, subject);
  warn(prepared.warnings());
  // Before anything is written: an --only of nobody, a --from that is none must leave nothing
  // behind.
  sweep::Schedule(prepared, selection);
  std::vector<Taken> taken = take(prepared, arguments, selection);
  if (arguments.dry_run) {
    sweep::require_same_run(arguments.out, sweep::to_json(experiment), prepared.identity());
    print_missing(prepared, arguments, selection, taken);
    return 0;
  }

  const std::unique_ptr<sweep::Storage> storage = sweep::posix_storage();
  sweep::RunDirectory directory(
      arguments.out, *storage, sweep::to_json(experiment), prepared.identity(),
      sweep::provenance(version(), revision(), at::get_num_threads(), command_of(arguments)));
  for (Taken& from : taken) {
    say("{} cells taken from {}\n", from.rows.size(), from.run);
    directory.adopt(std::move(from.rows), from.run);
  }
  stop_on_signals();
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::duration<double> limit(60 * arguments.max_minutes);
  const auto stop = [&] {
    return stop_requested() ||
           (arguments.max_minutes > 0 && std::chrono::steady_clock::now() - start > limit);
  };
  const sweep::SweepResult result = [&] {
    ProgressLine line;
    return sweep::run_sweep(
        prepared, directory,
        {.selection = selection,
         .retry = arguments.retry,
         .snapshot_pause = std::chrono::duration<double>(60 * arguments.snapshot_minutes),
         .stop = stop,
         .report = [&](const sweep::SweepProgress& progress) { line.show(progress); },
         .warn = [&](const std::string& warning) { line.warn(warning); }});
  }();

  say("{} cells in {}", result.cells,
      duration(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
  if (result.diverged > 0) say(", {} diverged", result.diverged);
  if (result.skipped > 0) say(", {} skipped", result.skipped);
  if (result.failed > 0) say(", {} failed or out of memory", result.failed);
  if (result.failed_before > 0) {
    say("; {} failed or out of memory earlier", result.failed_before);
  }
  if (result.spared > 0) {
    say("; {} not needed behind lengths that failed", result.spared);
  }
  say("\n");
  if (result.stopped) {
    say("stopped before the end; the same command goes on from here\n");
    return 4;
  }
  say("next: ropewalk summarize {}\n", arguments.out);
  if (result.failed + result.failed_before == 0) return 0;
  say("--retry runs the failed cells again\n");
  return 3;
}

}  // namespace

void add_sweep(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("sweep", "run the missing cells of an experiment");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("experiment", arguments->experiment, "experiment file (JSON)")->required();
  verb->add_option("--out", arguments->out, "run directory: created, or resumed")->required();
  verb->add_option("--from", arguments->from,
                   "run directory of another experiment: take the answers that this one asks for "
                   "too; may be repeated");
  verb->add_option("--model", arguments->model, "checkpoint in place of the experiment's");
  verb->add_option("--only", arguments->only,
                   "run only this part: method=NAME,protocol=ID,length=TOKENS; an ID may be cut "
                   "at a slash; may be repeated");
  verb->add_option("--shard", arguments->shard,
                   "run part i of n: i/n, into a directory of its own");
  verb->add_option("--max-minutes", arguments->max_minutes, "stop cleanly after that time")
      ->check(above_zero);
  verb->add_option("--snapshot-minutes", arguments->snapshot_minutes,
                   "least time between two saved states of a forward (default: 5)")
      ->check(not_negative);
  verb->add_option("--threads", arguments->threads, "threads (default: all cores)")
      ->check(above_zero);
  verb->add_flag("--dry-run", arguments->dry_run,
                 "print the cells that are missing, and run nothing");
  verb->add_flag("--retry", arguments->retry, "run cells again that failed or ran out of memory");
  verb->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace cli
