#include "evals/perplexity_metrics.h"

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace evals {
namespace {

void add(NllTotal& total, float nll) {
  ++total.tokens;
  if (std::isfinite(nll)) {
    total.sum += static_cast<double>(nll);
  } else {
    total.diverged = true;
  }
}

void check(const WindowNll& forward) {
  if (static_cast<int64_t>(forward.nll.size()) != forward.window.scored.size()) {
    throw std::invalid_argument("WindowNll: the array does not fit its window");
  }
}

NllTotal total_of(const WindowNll& forward) {
  check(forward);
  NllTotal total;
  for (const float nll : forward.nll) add(total, nll);
  return total;
}

}  // namespace

double NllTotal::mean() const {
  if (diverged || tokens == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum / static_cast<double>(tokens);
}

double NllTotal::perplexity() const { return std::exp(mean()); }

NllTotal token_weighted(std::span<const WindowNll> forwards) {
  NllTotal all;
  for (const WindowNll& forward : forwards) {
    check(forward);
    for (const float nll : forward.nll) add(all, nll);
  }
  return all;
}

double window_mean(std::span<const WindowNll> forwards) {
  double sum = 0;
  for (const WindowNll& forward : forwards) sum += total_of(forward).mean();
  return sum / static_cast<double>(forwards.size());
}

double mean_nll(const PerplexityProtocol& protocol, std::span<const WindowNll> forwards) {
  return protocol.averaging == Averaging::tokens ? token_weighted(forwards).mean()
                                                 : window_mean(forwards);
}

std::vector<NllBucket> position_buckets(std::span<const WindowNll> forwards, int64_t width,
                                        bool bos) {
  if (width < 1) throw std::invalid_argument("position_buckets: width must be >= 1");
  std::map<int64_t, NllTotal> totals;
  for (const WindowNll& forward : forwards) {
    check(forward);
    int64_t position = forward.window.scored.begin - forward.window.tokens.begin + (bos ? 1 : 0);
    for (const float nll : forward.nll) add(totals[position++ / width], nll);
  }
  std::vector<NllBucket> buckets;
  for (const auto& [index, total] : totals) {
    buckets.push_back({{index * width, (index + 1) * width}, total});
  }
  return buckets;
}

double bits_per_byte(const NllTotal& total, int64_t bytes) {
  return total.diverged ? std::numeric_limits<double>::quiet_NaN()
                        : total.sum / (std::log(2.0) * static_cast<double>(bytes));
}

}  // namespace evals
