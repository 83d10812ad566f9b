#include "scalings/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "harness/base/error.h"

namespace scalings {
namespace {

bool equal(const Eigen::ArrayXd& left, const Eigen::ArrayXd& right) {
  return left.size() == right.size() && (left == right).all();
}

bool equal(const Ruler& left, const Ruler& right) {
  return left.frequencies == right.frequencies && equal(left.position, right.position);
}

template <typename Items>
bool all_equal(const Items& left, const Items& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) { return equal(a, b); });
}

/// Index of `item` in `items`, appended when it is not there yet.
template <typename Item, typename Same>
int64_t index_of(std::vector<Item>& items, const Item& item, Same same) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const Item& other) { return same(other, item); });
  if (found != items.end()) return found - items.begin();
  items.push_back(item);
  return static_cast<int64_t>(items.size()) - 1;
}

/// Smallest value of any range of an array; logarithmic tables are built only where positions fall.
class RangeMinimum {
 public:
  explicit RangeMinimum(const Eigen::ArrayXd& values) {
    levels_.emplace_back(values.data(), values.data() + values.size());
    if (std::is_sorted(levels_[0].begin(), levels_[0].end())) return;
    for (size_t width = 2; width <= levels_[0].size(); width *= 2) {
      const std::vector<double>& below = levels_.back();
      std::vector<double> level(levels_[0].size() - width + 1);
      for (size_t i = 0; i < level.size(); ++i) {
        level[i] = std::min(below[i], below[i + width / 2]);
      }
      levels_.push_back(std::move(level));
    }
  }

  double over(int64_t begin, int64_t end) const {
    const auto first = static_cast<size_t>(begin);
    if (levels_.size() == 1) return levels_[0][first];
    const auto width = static_cast<size_t>(end - begin);
    const auto level = static_cast<size_t>(std::bit_width(width)) - 1;
    return std::min(levels_[level][first], levels_[level][first + width - (size_t{1} << level)]);
  }

 private:
  std::vector<std::vector<double>> levels_;
};

const Ruler& ruler(const RotaryPlan& plan, int64_t index) {
  return plan.rulers.at(static_cast<size_t>(index));
}

const View& view_of(const RotaryPlan& plan, const Span& span) {
  return plan.views.at(static_cast<size_t>(span.view));
}

}  // namespace

void validate(const Context& context) {
  constexpr int64_t longest = int64_t{1} << 31;
  const RopeShape& shape = context.shape;
  base::Problems problems;
  const auto require = [&](bool holds, const char* place, std::string cause) {
    if (!holds) problems.add(place, std::move(cause));
  };
  require(shape.head_dim >= 2, "head_dim", fmt::format("must be >= 2 (got {})", shape.head_dim));
  require(shape.rotary_dim >= 2 && shape.rotary_dim % 2 == 0, "rotary_dim",
          fmt::format("must be even and >= 2 (got {})", shape.rotary_dim));
  require(shape.rotary_dim <= shape.head_dim, "rotary_dim",
          fmt::format("must be <= head_dim {} (got {})", shape.head_dim, shape.rotary_dim));
  require(std::isfinite(shape.theta) && shape.theta > 1, "theta",
          fmt::format("must be a finite number > 1 (got {})", shape.theta));
  for (const auto& [place, length] :
       {std::pair{"trained_length", shape.trained_length}, std::pair{"length", context.length}}) {
    require(length >= 1 && length <= longest, place,
            fmt::format("must be in [1, 2147483648] tokens (got {})", length));
  }
  require(context.layers >= 1, "layers", fmt::format("must be >= 1 (got {})", context.layers));
  require(context.layer >= 0 && context.layer < context.layers, "layer",
          fmt::format("must be in [0, {}) (got {})", context.layers, context.layer));
  problems.throw_if_any("");
}

bool operator==(const RotaryPlan& left, const RotaryPlan& right) {
  return left.theta == right.theta && left.magnitude == right.magnitude &&
         left.views == right.views && left.spans == right.spans && equal(left.gain, right.gain) &&
         all_equal(left.inv_freq, right.inv_freq) && all_equal(left.rulers, right.rulers);
}

RotaryPlan plain_plan(const Context& context) {
  RotaryPlan plan;
  plan.theta = context.shape.theta;
  plan.inv_freq = {plain_frequencies(plan.theta, context.shape.rotary_dim)};
  const auto last = static_cast<double>(context.length - 1);
  plan.rulers = {{Eigen::ArrayXd::LinSpaced(context.length, 0, last).round(), 0}};
  plan.views = {{0, 0}};
  plan.spans = SpanTable::causal(context.length);
  plan.gain = Eigen::ArrayXd::Ones(context.length);
  return plan;
}

Eigen::ArrayXd plain_frequencies(double theta, int64_t rotary_dim) {
  Eigen::ArrayXd inv_freq(rotary_dim / 2);
  for (int64_t pair = 0; pair < inv_freq.size(); ++pair) {
    inv_freq[pair] =
        std::pow(theta, -2.0 * static_cast<double>(pair) / static_cast<double>(rotary_dim));
  }
  return inv_freq;
}

RotaryPlan normal_form(const RotaryPlan& plan) {
  RotaryPlan out;
  out.theta = plan.theta;
  out.magnitude = plan.magnitude;
  out.gain = plan.gain;
  const auto ruler_index = [&](int64_t old) {
    Ruler moved = ruler(plan, old);
    moved.frequencies =
        index_of(out.inv_freq, plan.inv_freq.at(static_cast<size_t>(moved.frequencies)),
                 [](const auto& a, const auto& b) { return equal(a, b); });
    return index_of(out.rulers, moved, [](const auto& a, const auto& b) { return equal(a, b); });
  };
  std::vector<int64_t> new_view(plan.views.size(), -1);
  std::vector<Span> row;
  for (int64_t query = 0; query < plan.length(); ++query) {
    row.clear();
    for (Span span : plan.spans.row(query)) {
      int64_t& renamed = new_view.at(static_cast<size_t>(span.view));
      if (renamed < 0) {
        const View& old = view_of(plan, span);
        const View moved{ruler_index(old.query), ruler_index(old.key)};
        renamed = index_of(out.views, moved, std::equal_to<View>());
      }
      span.view = renamed;
      row.push_back(span);
    }
    out.spans.push_row(row);
  }
  return out;
}

RotaryPlan prefix(const RotaryPlan& plan, int64_t length) {
  if (length < 1 || length > plan.length()) {
    throw std::logic_error(fmt::format("prefix: {} is not in [1, {}]", length, plan.length()));
  }
  RotaryPlan cut = plan;
  cut.gain = plan.gain.head(length).eval();
  for (Ruler& each : cut.rulers) each.position = each.position.head(length).eval();
  cut.spans = plan.spans.first(length);
  return normal_form(cut);
}

bool prefix_equal(const RotaryPlan& longer, const RotaryPlan& shorter) {
  return longer.length() >= shorter.length() && prefix(longer, shorter.length()) == shorter;
}

double distance(const RotaryPlan& plan, const Span& span, int64_t query, int64_t key) {
  const View& view = view_of(plan, span);
  return ruler(plan, view.query).position[query] - ruler(plan, view.key).position[key];
}

std::optional<double> distance(const RotaryPlan& plan, int64_t query, int64_t key) {
  for (const Span& span : plan.spans.row(query)) {
    if (span.begin <= key && key < span.end) return distance(plan, span, query, key);
  }
  return {};
}

double largest_distance(const RotaryPlan& plan) {
  std::vector<std::optional<RangeMinimum>> minima(plan.rulers.size());
  double largest = 0;
  for (int64_t query = 0; query < plan.length(); ++query) {
    for (const Span& span : plan.spans.row(query)) {
      const View& view = view_of(plan, span);
      auto& minimum = minima.at(static_cast<size_t>(view.key));
      if (!minimum) minimum.emplace(ruler(plan, view.key).position);
      largest = std::max(
          largest, ruler(plan, view.query).position[query] - minimum->over(span.begin, span.end));
    }
  }
  return largest;
}

}  // namespace scalings
