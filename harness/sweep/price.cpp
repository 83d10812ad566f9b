#include "harness/sweep/price.h"

#include <algorithm>
#include <iterator>

namespace sweep {
namespace {

/// Pairs of query and key tokens that a plan attends: [length + 1], of all queries before each.
std::vector<double> attended_pairs(const scalings::RotaryPlan& plan) {
  std::vector<double> pairs = {0};
  for (int64_t query = 0; query < plan.length(); ++query) {
    pairs.push_back(pairs.back());
    for (const scalings::Span& span : plan.spans.row(query)) {
      pairs.back() += static_cast<double>(span.end - span.begin);
    }
  }
  return pairs;
}

}  // namespace

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

const Pricer::PathWork& Pricer::work_of(const PreparedMethod& method, int64_t path) {
  if (last_.method != &method || last_.plans.front()->length() != path) {
    last_.plans = scalings::make_layer_plans(method.chain, prepared_.context(path));
    last_.method = &method;
    last_.pairs_in_full.assign(static_cast<size_t>(path) + 1, 0);
    last_.reach = 0;
    for (const auto& plan : scalings::distinct(last_.plans)) {
      const std::vector<double> pairs = attended_pairs(*plan);
      const auto layers =
          static_cast<double>(std::count(last_.plans.begin(), std::prev(last_.plans.end()), plan));
      for (size_t query = 0; query < pairs.size(); ++query) {
        last_.pairs_in_full[query] += layers * pairs[query];
      }
      if (plan == last_.plans.back()) last_.last_pairs = pairs;
      last_.reach = std::max(last_.reach, scalings::largest_distance(*plan));
    }
  }
  return last_;
}

PassCost Pricer::cost(const PreparedMethod& method, const Pass& pass) {
  const Subject& subject = prepared_.subject();
  const PathWork& work = work_of(method, pass.path);
  const auto in_full = [&](int64_t begin, int64_t end) {
    return work.pairs_in_full[end] - work.pairs_in_full[begin];
  };
  std::vector<BranchShape> branches = pass.branches;
  if (branches.empty()) branches.push_back({0, pass.path, pass.scored});
  // Rows of a trunk belong to no branch: up to the last fork, they are computed for all.
  int64_t trunk = 0;
  double pairs = 0;
  double read_pairs = 0;  // the last layer answers only what the head reads: the ends of the paths
  for (const BranchShape& branch : branches) {
    trunk = std::max(trunk, branch.fork);
    pairs += in_full(branch.fork, branch.path());
    read_pairs += work.last_pairs[branch.path()] - work.last_pairs[branch.path() - branch.scored];
  }
  pairs += in_full(0, trunk);
  const double read = static_cast<double>(pass.scored);
  const double unread = static_cast<double>(pass.tokens) - read;
  return {subject.linear_flops_a_token(false) * unread +
              (subject.linear_flops_a_token(true) + subject.head_flops_a_token()) * read,
          subject.attention_flops_a_pair() * (pairs + read_pairs)};
}

int64_t Pricer::peak_bytes(const PreparedMethod& method, const Pass& pass) {
  return prepared_.subject().peak_bytes(work_of(method, pass.path).plans, pass);
}

double Pricer::reach(const PreparedMethod& method, const Pass& pass) {
  return work_of(method, pass.path).reach;
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
  Rows priced;  // methods with equal chains share their cells, which are asked once
  for (const Series& series : schedule.series()) {
    std::map<int64_t, Price> by_length;
    Rows misses;
    schedule.each_group(series, {}, [&](const Group& group) {
      Price& price = by_length[group.cells().back().length];
      if (is_done(group, priced, false)) return;
      price.cells += static_cast<int64_t>(group.cells().size());
      for (const Pass& pass : group.passes()) {
        const PassCost cost = pricer.cost(*series.method, pass);
        ++price.forwards;
        price.tokens += pass.tokens;
        price.flops += cost.linear + cost.attention;
        price.seconds += cost.linear / rates.linear + cost.attention / rates.attention;
        price.peak_bytes = std::max(price.peak_bytes, pricer.peak_bytes(*series.method, pass));
        price.reach = std::max(price.reach, pricer.reach(*series.method, pass));
      }
      for (const Row& cell : group.cells()) misses.emplace(cell.cell, cell);
    });
    // A cell's row before it is run says "ok" and "no hit".
    schedule.each_group(series, misses, [&](const Group& group) {
      Price& price = by_length[group.cells().back().length];
      if (is_done(group, priced, false)) return;
      for (const Pass& pass : group.passes()) {
        const PassCost cost = pricer.cost(*series.method, pass);
        price.least_flops += cost.linear + cost.attention;
        price.least_seconds += cost.linear / rates.linear + cost.attention / rates.attention;
      }
    });
    priced.merge(misses);
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
