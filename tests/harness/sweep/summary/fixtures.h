#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "harness/sweep/summary/summary.h"

namespace sweep {

inline constexpr const char* landmark = "passkey/landmark/1/per-length";

/// A passkey eval over 10 depths, as a resolved experiment holds it.
inline base::Json retrieval_eval(const base::Json& methods, const base::Json& lengths,
                                 int64_t trials) {
  base::Json by_length = base::Json::object();
  for (const base::Json& length : lengths) by_length[length.dump()] = trials;
  return {{"type", "passkey"},         {"protocol", "landmark/1"}, {"methods", methods},
          {"lengths", lengths},        {"trials", by_length},      {"depths", 10},
          {"placement", "per-length"}, {"absent", false},          {"design", "stratified"}};
}

inline base::Json experiment_of(const base::Json& methods, const base::Json& evals) {
  return {{"model", "configs/models/tiny"},
          {"dtype", "float32"},
          {"baseline", "plain"},
          {"seed", 1},
          {"tau", 0.85},
          {"alpha", 0.05},
          {"delta", 0.01},
          {"methods", methods},
          {"evals", evals}};
}

inline base::Json identity() {
  return {{"experiment", "e"},
          {"weights", "w"},
          {"tokenizer", "t"},
          {"trained_length", 4096},
          {"shape", {{"head_dim", 64}, {"rotary_dim", 64}, {"theta", 10000}}},
          {"configured", base::Json::array()}};
}

inline Row trial_row(const std::string& method, int64_t length, int64_t trial, bool hit) {
  Row row;
  row.cell = fmt::format("{} {} {:03}", method, length, trial);
  row.method = method;
  row.protocol = landmark;
  row.length = length;
  row.kernel = "reference, float32";
  row.retrieval.emplace();
  row.retrieval->depth = (static_cast<double>(trial % 10) + 0.5) / 10;
  row.retrieval->depth_index = trial % 10;
  row.retrieval->trial = trial;
  row.retrieval->prompt_sha256 = fmt::format("{:064}", 1000 * length + trial);
  row.retrieval->hit = hit;
  row.retrieval->log_probs = {hit ? -0.1f : -4.0f};
  return row;
}

/// `hits` of `trials`, the misses last.
inline void add_trials(std::vector<Row>& rows, const std::string& method, int64_t length,
                       int64_t hits, int64_t trials = 50) {
  for (int64_t t = 0; t < trials; ++t) rows.push_back(trial_row(method, length, t, t < hits));
}

/// Leaves of a method's trials at a length the first `count`.
inline void keep_first_trials(std::vector<Row>& rows, const std::string& method, int64_t length,
                              int64_t count) {
  std::erase_if(rows, [&](const Row& row) {
    return row.method == method && row.length == length && row.retrieval->trial >= count;
  });
}

inline Runs runs_of(const base::Json& experiment, std::vector<Row> rows) {
  Runs runs;
  runs.design = make_design(experiment, identity(), "test");
  runs.rows = std::move(rows);
  runs.nll = [](const Forward&) { return std::vector<float>(); };
  return runs;
}

inline const base::Json two_methods = {
    {"plain", base::Json::array()},
    {"yarn", base::Json::array({{{"type", "yarn"}, {"factor", 4}}})}};

/// Two methods at three lengths: plain fails at 8,192, yarn is certified there and not at 16,384.
inline Runs retrieval_runs() {
  std::vector<Row> rows;
  add_trials(rows, "plain", 4096, 50);
  add_trials(rows, "plain", 8192, 0);
  add_trials(rows, "plain", 16384, 0);
  add_trials(rows, "yarn", 4096, 50);
  add_trials(rows, "yarn", 8192, 48);
  add_trials(rows, "yarn", 16384, 44);
  return runs_of(experiment_of(two_methods, base::Json::array({retrieval_eval(
                                                {"plain", "yarn"}, {4096, 8192, 16384}, 50)})),
                 rows);
}

/// The line of a CSV file that holds all the given pieces; empty when there is none.
inline std::string line_with(const std::string& csv, std::initializer_list<std::string> pieces) {
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    const bool all = std::all_of(pieces.begin(), pieces.end(), [&](const std::string& piece) {
      return line.find(piece) != std::string::npos;
    });
    if (all) return line;
  }
  return {};
}

inline std::string all_bytes(const Summary& summary) {
  return summary.summary_csv + summary.effective_length_csv + summary.comparison_csv +
         summary.position_nll_csv + summary.methods_txt + summary.text;
}

}  // namespace sweep
