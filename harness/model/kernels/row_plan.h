#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/model/kernels/rotary.h"
#include "scalings/plan.h"

namespace model {

/// One path of a document: token j lies in row j for j < fork (a row of the trunk), and in row
/// first_row + j - fork from there on. The trunk itself is the path {0, 0, rows}.
struct Path {
  int64_t fork = 0;
  int64_t first_row = 0;
  int64_t rows = 0;                            ///< of its own
  const scalings::RotaryPlan* plan = nullptr;  ///< at least fork + rows long
};

/// Keys [begin, end), as rows of the document, that one query measures with views()[view].
struct RowSpan {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t view = 0;
  bool own = false;  ///< rows of the query's own branch, not of the trunk
};

/// The plans of all paths of a document in terms of its rows: row r is rotated by row r of a table,
/// and attends the keys of its own path only. Linear layers see one matrix of rows, and attention
/// one list of queries, however many branches there are.
class RowPlan {
 public:
  /// `paths` own ascending runs of rows from 0 on; the first is the trunk. Rows between the runs
  /// are idle: nobody attends them, and nothing may be asked of them. Plans must agree on
  /// everything below the forks (scalings::prefix_equal), and outlive this object. `window`: keys
  /// that a query sees at most, itself among them.
  explicit RowPlan(std::vector<Path> paths, std::optional<int64_t> window = {});

  int64_t rows() const { return static_cast<int64_t>(path_of_row_.size()); }
  /// Rulers here are indices into tables(): those of all plans, equal ones merged.
  const std::vector<scalings::View>& views() const { return views_; }
  const std::vector<RotaryTable>& tables() const { return tables_; }  ///< each [rows, pairs]
  double gain(int64_t row) const;
  /// Replaces `spans` by those of a row.
  void spans(int64_t row, std::vector<RowSpan>& spans) const;

 private:
  std::vector<Path> paths_;
  std::optional<int64_t> window_;
  std::vector<int32_t> path_of_row_;  // of an idle row: the path before it
  std::vector<scalings::View> views_;
  std::vector<std::vector<int64_t>> view_of_path_;  // [paths][views of its plan] -> views_
  std::vector<RotaryTable> tables_;
};

}  // namespace model
