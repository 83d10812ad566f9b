#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evals/perplexity_metrics.h"
#include "harness/sweep/summary/runs.h"

namespace sweep {

/// The documents of one method at one length, of those that reach every length.
struct DocumentCell {
  std::map<std::string, const Row*> scored;  ///< by document's hash; diverged ones among them
  int64_t missing = 0;                       ///< out of memory, failed, not run
  int64_t diverged = 0;

  bool complete() const { return missing == 0 && diverged == 0 && !scored.empty(); }
};

/// All scores of one perplexity protocol.
class PerplexitySheet {
 public:
  std::string protocol;  ///< full id
  bool fixed_target = false;
  bool by_windows = false;  ///< mean of window means: one value per document
  bool overlaps = false;    ///< windows that score a token several times
  bool bos = false;
  std::vector<std::string> methods;  ///< in order of the experiment
  std::vector<int64_t> planned;      ///< ascending lengths that some document reaches
  std::vector<int64_t> lengths;      ///< those of them that have been begun
  std::vector<std::string> common;   ///< hashes of the documents that reach all of them, sorted
  int64_t documents = 0;             ///< of the corpus
  std::vector<int64_t> unreached;    ///< lengths that no document reaches
  std::vector<int64_t> not_run;      ///< lengths that no method has been asked at yet

  /// Of every method at every planned length that it was asked at, begun or not.
  const DocumentCell& cell(const std::string& method, int64_t length) const;
  bool has(const std::string& method, int64_t length) const;

 private:
  friend std::vector<PerplexitySheet> perplexity_sheets(const Runs& runs);
  std::map<std::pair<std::string, int64_t>, DocumentCell> cells_;
};

/// One sheet per protocol id that has rows, sorted by id. Throws base::Error when methods scored
/// different texts or windows under one name, when one document has two cells, or for a protocol
/// that this program does not have: how its scores are averaged is not known then.
std::vector<PerplexitySheet> perplexity_sheets(const Runs& runs);

/// Scores of one document, read from its files: values to average, in nats. Per token, or one per
/// document where the protocol averages windows. Not finite where diverged.
std::vector<double> values_of(const Runs& runs, const PerplexitySheet& sheet, const Row& row);

/// NLL by position in the path, over all documents of a cell; buckets of that many tokens.
std::vector<evals::NllBucket> buckets_of(const Runs& runs, const PerplexitySheet& sheet,
                                         const DocumentCell& cell, int64_t width);

}  // namespace sweep
