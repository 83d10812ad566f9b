#include <bit>

#include "harness/base/sha256.h"
#include "scalings/plan.h"

namespace scalings {
namespace {

static_assert(std::endian::native == std::endian::little, "fingerprints are little-endian");

class Hasher {
 public:
  void add(int64_t number) { bytes(&number, 1); }
  /// Adding zero turns -0.0 into 0.0: plans that compare equal must hash alike.
  void add(double number) {
    number += 0.0;
    bytes(&number, 1);
  }
  void add(const Eigen::ArrayXd& numbers) {
    add(static_cast<int64_t>(numbers.size()));
    const Eigen::ArrayXd positive_zeros = numbers + 0.0;
    bytes(positive_zeros.data(), static_cast<size_t>(numbers.size()));
  }
  std::string hex() { return hash_.hex(); }

 private:
  template <typename Number>
  void bytes(const Number* numbers, size_t count) {
    hash_.update(std::as_bytes(std::span(numbers, count)));
  }
  base::Sha256 hash_;
};

}  // namespace

std::string fingerprint(const RotaryPlan& plan) {
  Hasher hash;
  hash.add(plan.theta);
  hash.add(plan.magnitude);
  hash.add(static_cast<int64_t>(plan.inv_freq.size()));
  for (const Eigen::ArrayXd& frequencies : plan.inv_freq) hash.add(frequencies);
  hash.add(static_cast<int64_t>(plan.rulers.size()));
  for (const Ruler& ruler : plan.rulers) {
    hash.add(ruler.frequencies);
    hash.add(ruler.position);
  }
  hash.add(static_cast<int64_t>(plan.views.size()));
  for (const View& view : plan.views) {
    hash.add(view.query);
    hash.add(view.key);
  }
  hash.add(plan.gain);
  hash.add(plan.length());
  for (int64_t query = 0; query < plan.length(); ++query) {
    const auto row = plan.spans.row(query);
    hash.add(static_cast<int64_t>(row.size()));
    for (const Span& span : row) {
      hash.add(span.begin);
      hash.add(span.end);
      hash.add(span.view);
    }
  }
  return hash.hex();
}

}  // namespace scalings
