#include "harness/model/kernels/row_plan.h"

#include <algorithm>

namespace model {
namespace {

/// A ruler over the rows of a document. Trunk rows are known up to the largest fork of the paths
/// that use it, rows of other branches never asked for.
struct RowRuler {
  const Eigen::ArrayXd* inv_freq = nullptr;
  Eigen::ArrayXd position;  // [rows]
  int64_t known = 0;        // trunk rows
  size_t last_path = 0;
};

/// Index of a ruler that turns the trunk rows below the fork of `path` as `ruler` does and that no
/// other ruler of this path has taken; a new one when there is none.
int64_t merge(std::vector<RowRuler>& merged, size_t index, const Path& path,
              const scalings::Ruler& ruler, int64_t rows) {
  const Eigen::ArrayXd& inv_freq = path.plan->inv_freq[ruler.frequencies];
  const auto fits = [&](const RowRuler& other) {
    const int64_t common = std::min(other.known, path.fork);
    return other.last_path != index && (*other.inv_freq == inv_freq).all() &&
           (other.position.head(common) == ruler.position.head(common)).all();
  };
  auto found = std::find_if(merged.begin(), merged.end(), fits);
  if (found == merged.end()) {
    merged.push_back({&inv_freq, Eigen::ArrayXd::Zero(rows), 0, index});
    found = std::prev(merged.end());
  }
  found->last_path = index;
  if (found->known < path.fork) {
    found->position.head(path.fork) = ruler.position.head(path.fork);
    found->known = path.fork;
  }
  found->position.segment(path.first_row, path.rows) = ruler.position.segment(path.fork, path.rows);
  if (path.first_row == 0) {
    found->known = std::max(found->known, path.rows);
  }
  return found - merged.begin();
}

}  // namespace

RowPlan::RowPlan(std::vector<Path> paths, std::optional<int64_t> window)
    : paths_(std::move(paths)), window_(window) {
  for (size_t path = 0; path < paths_.size(); ++path) {
    const bool is_last = path + 1 == paths_.size();
    path_of_row_.resize(
        is_last ? paths_[path].first_row + paths_[path].rows : paths_[path + 1].first_row,
        static_cast<int32_t>(path));
  }
  std::vector<RowRuler> rulers;
  for (size_t index = 0; index < paths_.size(); ++index) {
    const scalings::RotaryPlan& plan = *paths_[index].plan;
    std::vector<int64_t> ruler_of;
    for (const scalings::Ruler& ruler : plan.rulers) {
      ruler_of.push_back(merge(rulers, index, paths_[index], ruler, rows()));
    }
    auto& view_of = view_of_path_.emplace_back();
    for (const scalings::View& view : plan.views) {
      const scalings::View merged{ruler_of[view.query], ruler_of[view.key]};
      const auto found = std::find(views_.begin(), views_.end(), merged);
      view_of.push_back(found - views_.begin());
      if (found == views_.end()) {
        views_.push_back(merged);
      }
    }
  }
  const double magnitude = paths_.front().plan->magnitude;
  for (const RowRuler& ruler : rulers) {
    tables_.push_back(rotary_table(*ruler.inv_freq, ruler.position, magnitude));
  }
}

double RowPlan::gain(int64_t row) const {
  const Path& path = paths_[path_of_row_[row]];
  return path.plan->gain[path.fork + row - path.first_row];
}

void RowPlan::spans(int64_t row, std::vector<RowSpan>& spans) const {
  const int32_t path_index = path_of_row_[row];
  const Path& path = paths_[path_index];
  const int64_t query = path.fork + row - path.first_row;
  const int64_t oldest = window_ ? std::max<int64_t>(0, query - *window_ + 1) : 0;
  const int64_t shift = path.first_row - path.fork;
  spans.clear();
  for (const scalings::Span& span : path.plan->spans.row(query)) {
    const int64_t view = view_of_path_[path_index][span.view];
    const int64_t begin = std::max(span.begin, oldest);
    if (begin < std::min(span.end, path.fork)) {
      spans.push_back({begin, std::min(span.end, path.fork), view, false});
    }
    if (std::max(begin, path.fork) < span.end) {
      spans.push_back({std::max(begin, path.fork) + shift, span.end + shift, view, true});
    }
  }
}

}  // namespace model
