#include "harness/sweep/price.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sweep {
namespace {

/// Work of one path, for a method: what a plan of that length attends, and how far it sees.
struct PathWork {
  double pairs = 0;
  double reach = 0;
  int64_t peak_bytes = 0;
};

class Pricer {
 public:
  Pricer(const Prepared& prepared, const Rates& rates) : prepared_(prepared), rates_(rates) {}

  Price price(const Schedule& schedule, const Series& series) {
    Price price;
    price.method = series.method->name;
    price.protocol = prepared_.evals()[series.eval].protocol;
    schedule.each_group(series, [&](const Group& group) {
      price.cells += static_cast<int64_t>(group.cells().size());
      for (const Pass& pass : group.passes()) add(price, *series.method, pass);
    });
    return price;
  }

 private:
  void add(Price& price, const PreparedMethod& method, const Pass& pass) {
    const Subject& subject = prepared_.subject();
    const PathWork& work = work_of(method, pass.path, pass.scored);
    const double linear = subject.linear_flops_a_token() * static_cast<double>(pass.tokens) +
                          subject.head_flops_a_token() * static_cast<double>(pass.scored);
    const double attention = subject.attention_flops_a_pair() * work.pairs;
    ++price.forwards;
    price.tokens += pass.tokens;
    price.flops += linear + attention;
    price.seconds += linear / rates_.linear + attention / rates_.attention;
    price.peak_bytes = std::max(price.peak_bytes, work.peak_bytes);
    price.reach = std::max(price.reach, work.reach);
  }

  const PathWork& work_of(const PreparedMethod& method, int64_t path, int64_t scored) {
    const auto [found, is_new] = works_.try_emplace({method.name, path, scored});
    if (is_new) {
      const auto plan = scalings::make_plan(method.chain, prepared_.context(path));
      found->second = {attended_pairs(plan), scalings::largest_distance(plan),
                       prepared_.subject().peak_bytes(plan, scored)};
    }
    return found->second;
  }

  const Prepared& prepared_;
  const Rates rates_;
  std::map<std::tuple<std::string, int64_t, int64_t>, PathWork> works_;
};

}  // namespace

Price& Price::operator+=(const Price& other) {
  cells += other.cells;
  forwards += other.forwards;
  tokens += other.tokens;
  flops += other.flops;
  seconds += other.seconds;
  peak_bytes = std::max(peak_bytes, other.peak_bytes);
  reach = std::max(reach, other.reach);
  return *this;
}

double attended_pairs(const scalings::RotaryPlan& plan) {
  double pairs = 0;
  for (int64_t query = 0; query < plan.length(); ++query) {
    for (const scalings::Span& span : plan.spans.row(query)) {
      pairs += static_cast<double>(span.end - span.begin);
    }
  }
  return pairs;
}

std::vector<Price> price(const Prepared& prepared, const Rates& rates) {
  const Schedule schedule(prepared, {});
  Pricer pricer(prepared, rates);
  std::vector<Price> prices;
  for (const Series& series : schedule.series()) prices.push_back(pricer.price(schedule, series));
  return prices;
}

}  // namespace sweep
