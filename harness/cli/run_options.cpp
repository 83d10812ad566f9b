#include "harness/cli/run_options.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "harness/base/error.h"
#include "harness/base/printable.h"
#include "harness/cli/messages.h"
#include "harness/cli/progress_line.h"
#include "harness/cli/stop_request.h"
#include "harness/cli/version.h"
#include "harness/model/memory.h"
#include "harness/sweep/provenance.h"

namespace cli {
namespace {

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
    int64_t length = 0;
    if (key == "method" && !value.empty()) {
      selection.methods.push_back(value);
    } else if (key == "length" && CLI::detail::lexical_cast(value, length)) {
      selection.lengths.push_back(length);
    } else if (key == "protocol" && !value.empty()) {
      selection.protocols.push_back(value);
    } else {
      base::reject(
          "", "--only",
          fmt::format("must be method=NAME, protocol=ID or length=TOKENS (got \"{}\")", part));
    }
  }
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

}  // namespace

void add_run_options(CLI::App& verb, RunOptions& options) {
  verb.add_option("--model", options.model, "checkpoint in place of the experiment's");
  verb.add_option("--only", options.only,
                  "run only this part: method=NAME,protocol=ID,length=TOKENS; an ID may be cut "
                  "at a slash; may be repeated");
  verb.add_option("--max-minutes", options.max_minutes, "stop cleanly after that time")
      ->check(above_zero);
  verb.add_option("--snapshot-minutes", options.snapshot_minutes,
                  "least time between two saved states of a forward (default: 5)")
      ->check(not_negative);
  verb.add_option("--threads", options.threads, "threads (default: all cores)")->check(above_zero);
}

void prepare_process(const RunOptions& options) {
  if (options.out.empty()) base::reject("", "--out", "names no folder");
  model::return_large_buffers();
  if (options.threads > 0) at::set_num_threads(options.threads);
}

sweep::Selection selection_of(const RunOptions& options) {
  sweep::Selection selection;
  for (const std::string& only : options.only) add_only(only, selection);
  return selection;
}

base::Json this_process(std::vector<std::string> command) {
  for (std::string& word : command) word = base::printable(word);  // the manifest is UTF-8
  return sweep::provenance(version(), revision(), at::get_num_threads(), command);
}

sweep::SweepResult run_cells(const sweep::Prepared& prepared, sweep::RunDirectory& directory,
                             const sweep::Selection& selection, bool retry,
                             const RunOptions& options) {
  stop_on_signals();
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::duration<double> limit(60 * options.max_minutes);
  const auto stop = [&] {
    return stop_requested() ||
           (options.max_minutes > 0 && std::chrono::steady_clock::now() - start > limit);
  };
  const sweep::SweepResult result = [&] {
    ProgressLine line;
    return sweep::run_sweep(
        prepared, directory,
        {.selection = selection,
         .retry = retry,
         .snapshot_pause = std::chrono::duration<double>(60 * options.snapshot_minutes),
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
  if (result.stopped) say("stopped before the end; the same command goes on from here\n");
  return result;
}

}  // namespace cli
