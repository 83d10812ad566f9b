#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/sweep/row.h"
#include "harness/sweep/summary/design.h"

namespace sweep {

/// Everything that a summary is computed from.
struct Runs {
  Design design;
  std::vector<Row> rows;  ///< one per cell, in order of cells

  /// NLL in nats of the scored tokens of one forward: [window.scored.size()].
  std::function<std::vector<float>(const Forward&)> nll;
};

/// Reads run directories (shards, or other machines' parts) of one experiment. A cell that several
/// directories answer counts once: an answer beats a missing one, and of two answers the one whose
/// line sorts first is taken, whatever the order of the directories. Throws base::Error when the
/// directories belong to different experiments, weights, tokenizers or corpora, naming each
/// difference, and for rows of methods or protocols that the experiment does not name.
Runs read_runs(std::vector<std::filesystem::path> folders);

}  // namespace sweep
