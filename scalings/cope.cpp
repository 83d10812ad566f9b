#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "harness/base/error.h"
#include "scalings/methods.h"

namespace scalings {
namespace {

/// Fades the slowest N pairs by a half cosine, 0.5 (1 + cos(pi j / (N-1))), or stops them (hard).
class Cope final : public RopeScaling {
 public:
  static constexpr const char* name = "cope/1";

  explicit Cope(base::StrictObject& params) : hard_(params.boolean("hard", false)) {
    const bool given = params.has("pairs");
    const int64_t pairs = params.integer("pairs", 1, int64_t{1} << 31, 1);
    if (given) pairs_ = pairs;
  }

  nlohmann::json params() const override {
    return {{"type", name},
            {"pairs", pairs_ ? nlohmann::json(*pairs_) : nlohmann::json()},
            {"hard", hard_}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    const int64_t faded =
        pairs_.value_or(std::llround(20.0 * static_cast<double>(context.shape.rotary_dim) / 128.0));
    if (faded > context.shape.pairs()) {
      throw base::Error(base::Fault::input, "",
                        {fmt::format("{}: pairs", name),
                         fmt::format("must be <= {}, the pairs of this model (got {})",
                                     context.shape.pairs(), faded),
                         ""});
    }
    for (Eigen::ArrayXd& inv_freq : plan.inv_freq) {
      const int64_t start = inv_freq.size() - faded;
      for (int64_t j = 0; j < faded; ++j) inv_freq[start + j] *= weight(j, faded);
    }
  }

 private:
  double weight(int64_t j, int64_t faded) const {
    if (hard_) return 0;
    if (faded == 1) return 1;
    const double turn = static_cast<double>(j) / static_cast<double>(faded - 1);
    return 0.5 * (1 + std::cos(std::numbers::pi * turn));
  }

  bool hard_;
  std::optional<int64_t> pairs_;
};

}  // namespace

Scaling make_cope(base::StrictObject& params) { return std::make_unique<Cope>(params); }

}  // namespace scalings
