#include "harness/sweep/price.h"

#include <algorithm>

namespace sweep {

Price& Price::operator+=(const Price& other) {
  cells += other.cells;
  forwards += other.forwards;
  tokens += other.tokens;
  flops += other.flops;
  seconds += other.seconds;
  least_flops += other.least_flops;
  least_seconds += other.least_seconds;
  peak_bytes = std::max(peak_bytes, other.peak_bytes);
  reach = std::max(reach, other.reach);
  return *this;
}

double attended_pairs(const scalings::RotaryPlan& plan, int64_t first_query) {
  double pairs = 0;
  for (int64_t query = first_query; query < plan.length(); ++query) {
    for (const scalings::Span& span : plan.spans.row(query)) {
      pairs += static_cast<double>(span.end - span.begin);
    }
  }
  return pairs;
}

const Pricer::PathWork& Pricer::work_of(const PreparedMethod& method, const Pass& pass) {
  const auto [found, is_new] = works_.try_emplace({method.name, pass.path, pass.scored});
  if (is_new) {
    const auto plan = scalings::make_plan(method.chain, prepared_.context(pass.path));
    // The last layer answers only what the head reads: the end of the path.
    const int64_t first_read = std::max<int64_t>(0, pass.path - pass.scored);
    const double layers_in_full = static_cast<double>(prepared_.subject().layers() - 1);
    found->second = {layers_in_full * attended_pairs(plan, 0) + attended_pairs(plan, first_read),
                     scalings::largest_distance(plan),
                     prepared_.subject().peak_bytes(plan, pass.scored)};
  }
  return found->second;
}

PassCost Pricer::cost(const PreparedMethod& method, const Pass& pass) {
  const Subject& subject = prepared_.subject();
  const PathWork& work = work_of(method, pass);
  const double read = static_cast<double>(pass.scored);
  const double unread = static_cast<double>(pass.tokens) - read;
  return {subject.linear_flops_a_token(false) * unread +
              (subject.linear_flops_a_token(true) + subject.head_flops_a_token()) * read,
          subject.attention_flops_a_pair() * work.pairs, work.reach, work.peak_bytes};
}

double Pricer::flops(const PreparedMethod& method, const Group& group) {
  double sum = 0;
  for (const Pass& pass : group.passes()) {
    const PassCost cost = this->cost(method, pass);
    sum += cost.linear + cost.attention;
  }
  return sum;
}

std::vector<Price> price(const Prepared& prepared, const Rates& rates) {
  const Schedule schedule(prepared, {});
  Pricer pricer(prepared);
  std::vector<Price> prices;
  for (const Series& series : schedule.series()) {
    std::map<int64_t, Price> by_length;
    Rows misses;
    schedule.each_group(series, {}, [&](const Group& group) {
      Price& price = by_length[group.cells().back().length];
      price.cells += static_cast<int64_t>(group.cells().size());
      for (const Pass& pass : group.passes()) {
        const PassCost cost = pricer.cost(*series.method, pass);
        ++price.forwards;
        price.tokens += pass.tokens;
        price.flops += cost.linear + cost.attention;
        price.seconds += cost.linear / rates.linear + cost.attention / rates.attention;
        price.peak_bytes = std::max(price.peak_bytes, cost.peak_bytes);
        price.reach = std::max(price.reach, cost.reach);
      }
      for (const Row& cell : group.cells()) misses.emplace(cell.cell, cell);
    });
    // A cell's row before it is run says "ok" and "no hit".
    schedule.each_group(series, misses, [&](const Group& group) {
      Price& price = by_length[group.cells().back().length];
      for (const Pass& pass : group.passes()) {
        const PassCost cost = pricer.cost(*series.method, pass);
        price.least_flops += cost.linear + cost.attention;
        price.least_seconds += cost.linear / rates.linear + cost.attention / rates.attention;
      }
    });
    for (auto& [length, price] : by_length) {
      price.method = series.method->name;
      price.protocol = prepared.evals()[series.eval].protocol;
      price.length = length;
      prices.push_back(std::move(price));
    }
  }
  return prices;
}

}  // namespace sweep
