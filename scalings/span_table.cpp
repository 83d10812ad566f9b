#include <fmt/format.h>

#include <stdexcept>

#include "scalings/plan.h"

namespace scalings {

SpanTable SpanTable::causal(int64_t length) {
  SpanTable table;
  table.offset_.resize(static_cast<size_t>(length) + 1);
  table.spans_.resize(static_cast<size_t>(length));
  for (int64_t query = 0; query < length; ++query) {
    table.offset_[static_cast<size_t>(query) + 1] = query + 1;
    table.spans_[static_cast<size_t>(query)] = {0, query + 1, 0};
  }
  return table;
}

void SpanTable::push_row(std::span<const Span> spans) {
  const int64_t query = rows();
  const size_t first = spans_.size();
  int64_t end = 0;
  for (const Span& span : spans) {
    if (span.begin == span.end) continue;
    if (span.begin < end || span.end < span.begin || span.end > query + 1 || span.view < 0) {
      throw std::logic_error(fmt::format(
          "SpanTable: row {}: span [{}, {}) of view {} is unsorted, overlapping or not causal",
          query, span.begin, span.end, span.view));
    }
    const bool continues =
        spans_.size() > first && spans_.back().end == span.begin && spans_.back().view == span.view;
    if (continues) {
      spans_.back().end = span.end;
    } else {
      spans_.push_back(span);
    }
    end = span.end;
  }
  if (end != query + 1) {
    throw std::logic_error(fmt::format("SpanTable: row {} leaves out the query itself", query));
  }
  offset_.push_back(static_cast<int64_t>(spans_.size()));
}

std::span<const Span> SpanTable::row(int64_t query) const {
  const auto begin = static_cast<size_t>(offset_.at(static_cast<size_t>(query)));
  const auto end = static_cast<size_t>(offset_.at(static_cast<size_t>(query) + 1));
  return std::span(spans_).subspan(begin, end - begin);
}

SpanTable SpanTable::first(int64_t rows) const {
  const auto end = static_cast<size_t>(offset_.at(static_cast<size_t>(rows)));
  SpanTable table;
  table.offset_.assign(offset_.begin(), offset_.begin() + static_cast<ptrdiff_t>(rows) + 1);
  table.spans_.assign(spans_.begin(), spans_.begin() + static_cast<ptrdiff_t>(end));
  return table;
}

}  // namespace scalings
