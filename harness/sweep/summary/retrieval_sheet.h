#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evals/stats/certified_length.h"
#include "evals/stats/comparison.h"
#include "harness/sweep/summary/runs.h"

namespace sweep {

/// The trials of one method at one length.
struct TrialCell {
  evals::DepthDesign depths;
  std::map<int64_t, const Row*> trials;  ///< by trial number; nullptr: no row, a missing trial
  bool independent = true;               ///< whether every answered trial has its own source

  /// Depth bands 0 to 2, as DepthDesign::band_of_trial has them; nothing: all of them.
  evals::stats::LengthCell count(int64_t length, std::optional<int64_t> band = {}) const;
  int64_t diverged(std::optional<int64_t> band = {}) const;
  /// Mean over answered trials of the log-probability per answer token; diverged ones left out.
  std::optional<double> log_prob(std::optional<int64_t> band = {}) const;
  /// Missing too for a trial that is not planned.
  evals::stats::Answer answer(int64_t trial) const;
  /// Why trials are missing: "3 out_of_memory, 2 not run"; empty when none is.
  std::string why_missing() const;

 private:
  bool is_in(std::optional<int64_t> band, int64_t trial) const;
};

/// All answers to one retrieval protocol.
class RetrievalSheet {
 public:
  std::string protocol;  ///< full id
  bool absolute = false;
  bool absent = false;
  std::vector<std::string> methods;  ///< in order of the experiment
  std::vector<int64_t> lengths;      ///< ascending

  /// Trials planned for a cell, with their rows. Beyond a length shown to fail, the experiment's
  /// trials_after_failure are what is planned.
  const TrialCell& cell(const std::string& method, int64_t length) const;
  bool has(const std::string& method, int64_t length) const;
  std::vector<evals::stats::LengthCell> counts(const std::string& method,
                                               std::optional<int64_t> band = {}) const;
  /// Lengths at which trials of some method share a source, ascending.
  std::vector<int64_t> dependent_lengths() const;

 private:
  friend std::vector<RetrievalSheet> retrieval_sheets(const Runs& runs);
  std::map<std::pair<std::string, int64_t>, TrialCell> cells_;
};

/// One sheet per protocol id that has rows, sorted by id. Throws base::Error when two methods were
/// asked different prompts under one (protocol, length, trial), naming both, and when one trial has
/// two cells.
std::vector<RetrievalSheet> retrieval_sheets(const Runs& runs);

}  // namespace sweep
