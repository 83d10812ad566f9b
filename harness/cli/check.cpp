#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "evals/stats/sample_size.h"
#include "harness/base/json.h"
#include "harness/cli/llama_subject.h"
#include "harness/cli/messages.h"
#include "harness/cli/progress_line.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/price.h"

namespace cli {
namespace {

constexpr double gigabyte = 1e9;

using sweep::Price;

/// Sums of prices with equal keys, in the order in which the keys first occur.
template <typename Key>
std::vector<Price> sums_by(const std::vector<Price>& prices, Key key) {
  std::vector<Price> sums;
  for (const Price& price : prices) {
    const auto found = std::find_if(sums.begin(), sums.end(),
                                    [&](const Price& sum) { return key(sum) == key(price); });
    if (found == sums.end()) {
      sums.push_back(price);
    } else {
      *found += price;
    }
  }
  return sums;
}

std::vector<Price> by_series(const std::vector<Price>& prices) {
  return sums_by(prices,
                 [](const Price& price) { return std::pair(price.method, price.protocol); });
}

std::vector<Price> by_length(const std::vector<Price>& prices) {
  std::vector<Price> sums = sums_by(prices, [](const Price& price) { return price.length; });
  std::sort(sums.begin(), sums.end(),
            [](const Price& a, const Price& b) { return a.length < b.length; });
  return sums;
}

base::Json numbers(const Price& price) {
  return {{"cells", price.cells},
          {"forwards", price.forwards},
          {"tokens", price.tokens},
          {"flops", price.flops},
          {"peak_bytes", price.peak_bytes},
          {"seconds", price.seconds},
          {"least_flops", price.least_flops},
          {"least_seconds", price.least_seconds},
          {"reach", price.reach}};
}

base::Json to_json(const std::vector<Price>& prices) {
  base::Json rows = base::Json::array();
  for (const Price& price : by_series(prices)) {
    base::Json row = numbers(price);
    row["method"] = price.method;
    row["protocol"] = price.protocol;
    rows.push_back(row);
  }
  return rows;
}

base::Json to_json_by_length(const std::vector<Price>& prices) {
  base::Json rows = base::Json::array();
  for (const Price& price : by_length(prices)) {
    base::Json row = numbers(price);
    row["length"] = price.length;
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> cells_of(const std::string& method, const std::string& protocol,
                                  const Price& price) {
  return {method,
          protocol,
          std::to_string(price.cells),
          std::to_string(price.forwards),
          std::to_string(price.tokens),
          fmt::format("{:.1f}", price.flops / 1e12),
          fmt::format("{:.2f}", static_cast<double>(price.peak_bytes) / gigabyte),
          duration(price.seconds),
          fmt::format("{:.0f}", price.reach)};
}

/// Columns as wide as their longest cell; the first two, which are text, stand left.
void print_prices(const std::vector<Price>& prices, const Price& total) {
  std::vector<std::vector<std::string>> lines = {{"method", "protocol", "cells", "forwards",
                                                  "tokens", "TFLOP", "peak GB", "time",
                                                  "sees back"}};
  for (const Price& price : by_series(prices)) {
    lines.push_back(cells_of(price.method, price.protocol, price));
  }
  for (const Price& price : by_length(prices)) {
    lines.push_back(cells_of("all", fmt::format("at {}", price.length), price));
  }
  lines.push_back(cells_of("total", "", total));
  std::vector<size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    fmt::print("{:<{}}  {:<{}}", line[0], widths[0], line[1], widths[1]);
    for (size_t i = 2; i < line.size(); ++i) fmt::print("  {:>{}}", line[i], widths[i]);
    fmt::print("\n");
  }
}

/// What the figures above bound, and how.
void explain_prices(const Price& total, const sweep::Rates& rates) {
  fmt::print(
      "\nForwards: passes of the model, of which a shared trunk is one. Time: at {:.0f} "
      "GFLOP/s in linear layers and {:.0f} in attention, measured now. Peak: anonymous memory; the "
      "mapped weights come on top. Sees back: the largest distance in tokens that a query sees at "
      "the longest length.\n",
      rates.linear / 1e9, rates.attention / 1e9);
  if (total.least_flops == total.flops) return;
  fmt::print(
      "An upper bound: as if no length failed. Where lengths fail, trials_after_failure and "
      "skip_after leave cells out; if no answer were ever right, {:.1f} TFLOP remained, {}.\n",
      total.least_flops / 1e12, duration(total.least_seconds));
}

/// What the numbers of trials can and cannot certify, for every eval that certifies lengths.
void print_advice(const sweep::Experiment& experiment) {
  for (const sweep::Eval& eval : experiment.evals) {
    if (!eval.retrieval || eval.retrieval->absent ||
        eval.retrieval->placement == evals::Placement::absolute) {
      continue;
    }
    std::map<int64_t, std::vector<int64_t>> lengths_by_trials;
    for (const auto& [length, trials] : eval.retrieval->trials) {
      lengths_by_trials[trials].push_back(length);
    }
    for (const auto& [trials, lengths] : lengths_by_trials) {
      fmt::print("\n{}, {} trials at {}:\n", eval.retrieval->protocol, trials,
                 fmt::join(lengths, ", "));
      std::istringstream advice(evals::stats::sample_size_advice(
          trials, static_cast<int64_t>(lengths.size()), {experiment.tau, experiment.alpha}));
      for (std::string line; std::getline(advice, line);) fmt::print("  {}\n", line);
    }
  }
}

int run(const std::string& file, const std::string& model, bool as_json) {
  const sweep::Experiment experiment = sweep::read_experiment(file, model);
  const LlamaSubject subject(experiment);
  const sweep::Prepared prepared(experiment, subject);
  std::vector<std::string> warnings = subject.warnings();
  for (const std::string& warning : prepared.warnings()) warnings.push_back(warning);
  const sweep::Rates rates = subject.measure_rates();
  const std::vector<Price> prices = sweep::price(prepared, rates);
  Price total;
  for (const Price& price : prices) total += price;

  if (as_json) {
    base::Json json = {{"prices", to_json(prices)},
                       {"lengths", to_json_by_length(prices)},
                       {"total", numbers(total)},
                       {"warnings", warnings},
                       {"rates", {{"linear", rates.linear}, {"attention", rates.attention}}},
                       {"experiment", sweep::to_json(experiment)}};
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  print_prices(prices, total);
  explain_prices(total, rates);
  print_advice(experiment);
  warn(warnings);
  return 0;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("check", "what an experiment costs and can show; runs nothing");
  auto file = std::make_shared<std::string>();
  auto model = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  verb->add_option("experiment", *file, "experiment file (JSON)")->required();
  verb->add_option("--model", *model, "checkpoint in place of the experiment's");
  verb->add_flag("--json", *as_json, "for scripts");
  verb->callback([file, model, as_json, &status] { status = run(*file, *model, *as_json); });
}

}  // namespace cli
