#include "harness/model/kernels/bands.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace model {

std::vector<Band> make_bands(const RowPlan& plan, std::span<const int64_t> rows) {
  const size_t queries = rows.size();
  // Keyed so that ranges that lie near each other share a band: its hull then has little waste.
  std::map<std::tuple<int64_t, bool, int64_t>, Band> found;
  std::vector<RowSpan> spans;
  for (size_t query = 0; query < queries; ++query) {
    plan.spans(rows[query], spans);
    for (size_t index = 0; index < spans.size(); ++index) {
      const RowSpan& span = spans[index];
      const int64_t earlier = std::count_if(
          spans.begin(), spans.begin() + index,
          [&](const RowSpan& other) { return other.view == span.view && other.own == span.own; });
      Band& band = found[{span.view, span.own, earlier}];
      if (band.begins.empty()) {
        band = {span.view, span.begin, span.end, std::vector<int64_t>(queries, span.begin),
                std::vector<int64_t>(queries, span.begin)};
      }
      band.begins[query] = span.begin;
      band.ends[query] = span.end;
      band.begin = std::min(band.begin, span.begin);
      band.end = std::max(band.end, span.end);
    }
  }
  std::vector<Band> bands;
  for (auto& [key, band] : found) {
    bands.push_back(std::move(band));
  }
  return bands;
}

int64_t attended_keys(const std::vector<Band>& bands) {
  int64_t keys = 0;
  for (const Band& band : bands) {
    for (size_t query = 0; query < band.begins.size(); ++query) {
      keys += band.ends[query] - band.begins[query];
    }
  }
  return keys;
}

}  // namespace model
