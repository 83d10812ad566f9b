#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/sweep/group.h"
#include "harness/sweep/prepared.h"
#include "harness/sweep/quota.h"
#include "harness/sweep/row.h"

namespace sweep {

/// Which part of an experiment a process runs.
struct Selection {
  std::vector<std::string> methods = {};  ///< empty: all
  std::vector<int64_t> lengths = {};      ///< empty: all; naming one of a group's lengths runs it
  /// Empty: all; ids of evals, or their first parts: "passkey/landmark" is all its placements.
  std::vector<std::string> protocols = {};
  /// Empty: all. A trial of absolute placement is run at all its lengths for one of its cells.
  std::set<std::string> cells = {};
  int64_t shard = 0;  ///< [0, shards)
  int64_t shards = 1;

  bool has_length(int64_t length) const;
};

/// One method under one eval: its lengths are visited upward, and what happened at shorter lengths
/// may decide how many trials longer ones get.
struct Series {
  const PreparedMethod* method = nullptr;
  size_t eval = 0;
};

/// A group whose turn it is.
struct Turn {
  const Group& group;
  const std::vector<Row>& cells;  ///< those of the group that no group before it had
  const Series& series;
  std::string skipped;     ///< reason when the group is to be skipped; else empty
  bool is_spared = false;  ///< trials that trials_after_failure leaves out: get no row
};

/// The work of an experiment, in the order in which it is done: shorter lengths before longer ones,
/// at every length all evals and methods, so that an unfinished run already compares methods.
class Schedule {
 public:
  /// Throws base::Error for a selection that names unknown methods, lengths or protocols.
  Schedule(const Prepared& prepared, Selection selection);

  /// Calls `visit` with every group of the selection in turn; `rows` must show the results of
  /// groups visited before, since skip_after and trials_after_failure look at them. Which cells are
  /// visited does not depend on rows. Methods with equal chains share their cells: a group that has
  /// none of its own is not visited. Stops when visit returns false.
  void run(const std::function<const Rows&()>& rows,
           const std::function<bool(const Turn&)>& visit) const;

  /// Trials of a series at a length, given the rows of its shorter lengths. A length decides when
  /// all its trials have answers.
  Quota quota(const Series& series, int64_t length, const Rows& rows) const;

  /// Every group of a series that is run, and neither skipped nor spared, when `rows` are the
  /// results; without rows no length fails.
  void each_group(const Series& series, const Rows& rows,
                  const std::function<void(const Group&)>& visit) const;

  const std::vector<Series>& series() const { return series_; }

 private:
  struct Stop {
    int64_t length;
    size_t series;  ///< index
  };
  struct Planned {
    std::unique_ptr<Group> group;
    bool is_spared = false;
  };
  using Units = std::vector<int64_t>;  ///< trials of a retrieval eval, documents of another
  std::vector<Stop> stops() const;
  /// Whether one group answers all lengths: absolute placement, and ppl/truncated, which reads all
  /// of them from the document's beginning.
  bool serves_all_lengths(const Series& series) const;
  bool mine(size_t series, int64_t unit) const;
  bool is_selected(const Stop& stop) const;
  bool is_selected(const Row& cell) const;
  bool has_selected(const Group& group) const;
  /// The group of a document at those of the lengths that are selected; null where none is.
  std::unique_ptr<Group> perplexity_group_of(const Series& series, size_t document,
                                             std::vector<int64_t> lengths) const;
  Units units(const Series& series, int64_t length) const;
  /// Groups of the given units that are selected, those that a quota spares among them. Trials are
  /// asked together where they begin alike, unless they have a row in `done` already.
  std::vector<Planned> groups(const Series& series, int64_t length, const Units& units,
                              const Quota& quota, const Rows& done) const;
  std::unique_ptr<Group> group_of(const Series& series, int64_t length, const Units& trials) const;

  const Prepared& prepared_;
  const Selection selection_;
  const Adaptation adaptation_;
  std::vector<Series> series_;
};

}  // namespace sweep
