#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/sweep/prepared.h"
#include "harness/sweep/row.h"
#include "harness/sweep/schedule.h"

namespace sweep {

/// Nats by which the mean NLL of a repeated perplexity cell may differ: 1 % of the perplexity.
inline constexpr double agreeing_nll = 0.01;

/// The answers of two runs to one cell.
struct Repetition {
  Row first;
  Row again;
  /// Largest difference of a token's log-probability, nats; infinite where the two have not scored
  /// as many tokens, or one has a score that is none.
  double difference = 0;
  /// What differs; empty when the two agree: on the prompt or windows, the rotary plan, the status,
  /// on hit or miss, and on the perplexity (agreeing_nll).
  std::string disagreement;

  bool agrees() const { return disagreement.empty(); }
};

/// Draws `count` of the selected cells to which the run in the folder `run` has an answer, or takes
/// all where there are no more. A larger draw of the same seed contains a smaller one, and a longer
/// run's draw differs only by what is new. Throws base::Error when the folder holds no run of what
/// is prepared, or no such cell.
std::set<std::string> draw_cells(const Prepared& prepared, const Selection& selection,
                                 const std::filesystem::path& run, int64_t count, int64_t seed);

/// The cells that both run directories have a row of, in order of protocol, length and method.
std::vector<Repetition> repetitions(const std::set<std::string>& cells,
                                    const std::filesystem::path& first,
                                    const std::filesystem::path& again);

}  // namespace sweep
