#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "harness/base/error.h"
#include "harness/cli/llama_subject.h"
#include "harness/cli/messages.h"
#include "harness/cli/run_options.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/run_directory.h"
#include "harness/sweep/verification.h"

namespace cli {
namespace {

struct Arguments {
  RunOptions options;
  std::string experiment;
  std::string run;
  int64_t cells = 20;
  int64_t seed = 1;
};

void require_another_folder(const Arguments& arguments) {
  std::error_code absent;
  if (std::filesystem::equivalent(arguments.run, arguments.options.out, absent)) {
    base::reject("", "--out", "is the run itself, which would agree with itself",
                 "name another folder");
  }
}

std::string place_of(const sweep::Row& row) {
  const std::string question =
      row.retrieval ? fmt::format("trial {}", row.retrieval->trial) : row.perplexity->document;
  return fmt::format("{} {} {} {}", row.method, row.protocol, row.length, question);
}

/// "bfloat16 portable, LibTorch 2.13.0, AVX2 (24 cells)": what computed one side.
std::string kernels_of(const std::vector<sweep::Repetition>& repetitions,
                       sweep::Row sweep::Repetition::*side) {
  std::map<std::string, int64_t> cells;
  for (const sweep::Repetition& repetition : repetitions) ++cells[(repetition.*side).kernel];
  std::string text;
  for (const auto& [kernel, count] : cells) {
    text += fmt::format("{}{} ({} cells)", text.empty() ? "" : "; ", kernel, count);
  }
  return text;
}

void print(const std::vector<sweep::Repetition>& repetitions) {
  struct Line {
    int64_t cells = 0;
    int64_t agree = 0;
    int64_t equal = 0;
    double difference = 0;
  };
  std::map<std::tuple<std::string, int64_t>, Line> lines;
  Line all;
  for (const sweep::Repetition& repetition : repetitions) {
    for (Line* line : {&lines[{repetition.first.protocol, repetition.first.length}], &all}) {
      ++line->cells;
      line->agree += repetition.agrees();
      line->equal += repetition.agrees() && repetition.difference == 0;
      line->difference = std::max(line->difference, repetition.difference);
    }
  }
  size_t width = 8;
  for (const auto& line : lines) width = std::max(width, std::get<0>(line.first).size());
  fmt::print("first: {}\nagain: {}\n\n", kernels_of(repetitions, &sweep::Repetition::first),
             kernels_of(repetitions, &sweep::Repetition::again));
  fmt::print("{:{}}  {:>7}  {:>5}  {:>5}  {:>14}  {}\n", "protocol", width, "length", "cells",
             "agree", "bit for bit", "largest difference of a log-probability");
  for (const auto& [where, line] : lines) {
    fmt::print("{:{}}  {:>7}  {:>5}  {:>5}  {:>14}  {:.2g}\n", std::get<0>(where), width,
               std::get<1>(where), line.cells, line.agree, line.equal, line.difference);
  }
  for (const sweep::Repetition& repetition : repetitions) {
    if (repetition.agrees()) continue;
    fmt::print("\n{}: {}; log-probabilities differ by up to {:.2g}", place_of(repetition.first),
               repetition.disagreement, repetition.difference);
  }
  fmt::print("\n{} of {} cells agree, {} of them bit for bit\n", all.agree, all.cells, all.equal);
}

int run(const Arguments& arguments) {
  const RunOptions& options = arguments.options;
  prepare_process(options);
  require_another_folder(arguments);
  sweep::Selection selection = selection_of(options);
  const sweep::Experiment experiment = sweep::read_experiment(arguments.experiment, options.model);
  const LlamaSubject subject(experiment);
  warn(subject.warnings());
  const sweep::Prepared prepared(experiment, subject);
  const std::set<std::string> drawn =
      sweep::draw_cells(prepared, selection, arguments.run, arguments.cells, arguments.seed);
  selection.cells = drawn;

  const std::unique_ptr<sweep::Storage> storage = sweep::posix_storage();
  sweep::RunDirectory directory(
      options.out, *storage, sweep::to_json(experiment), prepared.identity(),
      this_process({"verify", arguments.experiment, arguments.run, "--out", options.out}));
  const sweep::SweepResult result =
      run_cells(prepared, directory, selection, /*retry=*/false, options);
  const auto repetitions = sweep::repetitions(drawn, arguments.run, options.out);
  if (!repetitions.empty()) print(repetitions);
  if (result.stopped) return 4;
  const bool agree = std::all_of(repetitions.begin(), repetitions.end(),
                                 [](const sweep::Repetition& cell) { return cell.agrees(); });
  return agree && repetitions.size() == drawn.size() ? 0 : 3;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("verify", "ask some cells of a run again, and compare the answers");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("experiment", arguments->experiment, "experiment file (JSON)")->required();
  verb->add_option("run", arguments->run, "run directory of its answers")->required();
  verb->add_option("--out", arguments->options.out,
                   "run directory of the second answers: created, or resumed")
      ->required();
  verb->add_option("--cells", arguments->cells, "cells to draw (default: 20)")
      ->check(CLI::PositiveNumber);
  verb->add_option("--seed", arguments->seed, "of the draw (default: 1)");
  add_run_options(*verb, arguments->options);
  verb->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace cli
