#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evals/language_model.h"
#include "harness/sweep/pass.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/row.h"
#include "harness/sweep/run_directory.h"

namespace sweep {

/// The unit of work and of resume: the cells that one document, or one set of forwards, answers.
/// Which cells belong together is fixed by the experiment, and for trials that are asked together
/// by which of them have no row yet: results do not depend on it.
class Group {
 public:
  virtual ~Group() = default;

  /// Rows of all its cells, without results: who is asked what.
  virtual const std::vector<Row>& cells() const = 0;

  /// What the model does for it when nothing of it is stored yet.
  virtual std::vector<Pass> passes() const = 0;
  /// Tokens of all passes.
  int64_t tokens() const;

  /// The same cells as groups that need less memory; none when there are no such groups.
  virtual std::vector<std::unique_ptr<Group>> parts() const { return {}; }

  /// Asks the model and fills the rows. Throws
  /// std::bad_alloc, base::Error(Fault::cancelled) and whatever the model throws; leaves no trace
  /// then but NLL files of finished forwards.
  virtual std::vector<Row> run(evals::LanguageModel& model, RunDirectory& directory,
                               const evals::Progress& progress) const = 0;

  /// SHA-256 over its cells.
  std::string id() const;
};

/// Rows by cell, as a run directory keeps them.
using Rows = std::map<std::string, Row>;

/// Whether a cell has a row; with `retry`, one that ran out of memory or failed does not count.
bool is_done(const Row& cell, const Rows& rows, bool retry);
/// Whether every cell of a group has one.
bool is_done(const Group& group, const Rows& rows, bool retry);

/// Retrieval trials at one length, or (absolute placement) one trial at all lengths of the eval.
/// What several trials begin with alike is computed once; as parts they are asked one by one.
std::unique_ptr<Group> retrieval_group(const Prepared& prepared, const PreparedMethod& method,
                                       size_t eval, int64_t length,
                                       const std::vector<int64_t>& trials);

/// One document of a perplexity eval at one length; for ppl/truncated at all given lengths, so that
/// those whose plans are prefix-equal share one forward.
std::unique_ptr<Group> perplexity_group(const Prepared& prepared, const PreparedMethod& method,
                                        size_t eval, const std::vector<int64_t>& lengths,
                                        size_t document);

/// SHA-256 of the typed, canonical parameters that determine a cell's result: never of host, time,
/// threads or kernel.
std::string cell_id(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                    const base::Json& question);

}  // namespace sweep
