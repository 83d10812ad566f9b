#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "evals/stats/sample_size.h"
#include "harness/base/json.h"
#include "harness/cli/llama_subject.h"
#include "harness/cli/progress_line.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/price.h"

namespace cli {
namespace {

constexpr double gigabyte = 1e9;

base::Json to_json(const sweep::Price& price) {
  return {{"method", price.method},         {"protocol", price.protocol}, {"cells", price.cells},
          {"forwards", price.forwards},     {"tokens", price.tokens},     {"flops", price.flops},
          {"peak_bytes", price.peak_bytes}, {"seconds", price.seconds},   {"reach", price.reach}};
}

void print_row(const std::string& method, const std::string& protocol, const sweep::Price& price) {
  fmt::print("{:28} {:38} {:7} {:9} {:13} {:10.1f} {:8.2f} {:>14} {:>10.0f}\n", method, protocol,
             price.cells, price.forwards, price.tokens, price.flops / 1e12,
             static_cast<double>(price.peak_bytes) / gigabyte, duration(price.seconds),
             price.reach);
}

/// What the numbers of trials can and cannot certify, one paragraph per eval that asks for it.
void print_advice(const sweep::Experiment& experiment) {
  for (const sweep::Eval& eval : experiment.evals) {
    if (!eval.retrieval || eval.retrieval->absent) continue;
    std::map<int64_t, int64_t> lengths_by_trials;
    for (const auto& [length, trials] : eval.retrieval->trials) ++lengths_by_trials[trials];
    for (const auto& [trials, lengths] : lengths_by_trials) {
      fmt::print(
          "\n{}, {} trials at {} lengths: {}\n", eval.retrieval->protocol, trials, lengths,
          evals::stats::sample_size_advice(trials, lengths, {experiment.tau, experiment.alpha}));
    }
  }
}

int run(const std::string& file, bool as_json) {
  const sweep::Experiment experiment = sweep::read_experiment(file);
  const LlamaSubject subject(experiment);
  const sweep::Prepared prepared(experiment, subject);
  std::vector<std::string> warnings = subject.warnings();
  for (const std::string& warning : prepared.warnings()) warnings.push_back(warning);
  const sweep::Rates rates = subject.measure_rates();
  const std::vector<sweep::Price> prices = sweep::price(prepared, rates);
  sweep::Price total;
  for (const sweep::Price& price : prices) total += price;

  if (as_json) {
    base::Json rows = base::Json::array();
    for (const sweep::Price& price : prices) rows.push_back(to_json(price));
    base::Json json = {{"prices", rows},
                       {"total", to_json(total)},
                       {"warnings", warnings},
                       {"rates", {{"linear", rates.linear}, {"attention", rates.attention}}},
                       {"experiment", sweep::to_json(experiment)}};
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("{:28} {:38} {:>7} {:>9} {:>13} {:>10} {:>8} {:>14} {:>10}\n", "method", "protocol",
             "cells", "forwards", "tokens", "TFLOP", "peak GB", "time", "sees back");
  for (const sweep::Price& price : prices) print_row(price.method, price.protocol, price);
  print_row("total", "", total);
  fmt::print(
      "\nTime: at {:.0f} GFLOP/s in linear layers and {:.0f} in attention, measured now, if no "
      "length fails.\nPeak: anonymous memory; the mapped weights come on top.\n",
      rates.linear / 1e9, rates.attention / 1e9);
  print_advice(experiment);
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
  return 0;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("check", "what an experiment costs and can show; runs nothing");
  auto file = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  verb->add_option("experiment", *file, "experiment file (JSON)")->required();
  verb->add_flag("--json", *as_json, "for scripts");
  verb->callback([file, as_json, &status] { status = run(*file, *as_json); });
}

}  // namespace cli
