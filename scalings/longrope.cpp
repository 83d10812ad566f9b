#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/base/error.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"
#include "scalings/positions.h"

namespace scalings {
namespace {

/// inv_freq_i = theta_i / ext_i, with the short list while the path fits the original window and
/// the long list beyond it (length > L, strictly, as Transformers).
class LongRope final : public RopeScaling {
 public:
  static constexpr const char* name = "longrope/1";

  explicit LongRope(base::StrictObject& params)
      : original_(params),
        factor_(params),
        short_(params.numbers("short_factor", base::Bounds::above(0))),
        long_(params.numbers("long_factor", base::Bounds::above(0))),
        attention_factor_(optional_number(params, "attention_factor", base::Bounds::above(0))),
        unscaled_(params.integer("unscaled_first_tokens", 0, int64_t{1} << 31, 0)) {
    // As they were given: what is read leaves out entries that are a problem already.
    const base::Json* shorts = params.value("short_factor");
    const base::Json* longs = params.value("long_factor");
    const bool are_lists = shorts && longs && shorts->is_array() && longs->is_array();
    if (are_lists && shorts->size() != longs->size()) {
      params.problems().add(params.at("long_factor"),
                            fmt::format("must be as long as short_factor: {} entries (got {})",
                                        shorts->size(), longs->size()));
    }
  }

  nlohmann::json params() const override {
    return {{"type", name},
            {"factor", factor_.json()},
            {"short_factor", short_},
            {"long_factor", long_},
            {"attention_factor", json_or_null(attention_factor_)},
            {"unscaled_first_tokens", unscaled_},
            {"original_length", original_.json()}};
  }

  void edit(RotaryPlan& plan, const Context& context) const override {
    const bool is_long = context.length > original_.tokens(context.shape);
    const std::vector<double>& divisor = is_long ? long_ : short_;
    const Eigen::ArrayXd plain = plain_frequencies(plan.theta, context.shape.rotary_dim);
    if (static_cast<int64_t>(divisor.size()) != plain.size()) {
      throw base::Error(
          base::Fault::input, "",
          {fmt::format("{}: {}", name, is_long ? "long_factor" : "short_factor"),
           fmt::format("must have one entry per pair: {} (got {})", plain.size(), divisor.size()),
           "take the lists of a model with the same rotary_dim"});
    }
    plan.inv_freq = {plain / Eigen::Map<const Eigen::ArrayXd>(divisor.data(), plain.size())};
    plan.magnitude *= magnitude(context);
    if (unscaled_ > 0) keep_first_tokens(plan, plain);
  }

  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return factor_.limit(shape, original_);
  }

 private:
  double magnitude(const Context& context) const {
    if (attention_factor_) return *attention_factor_;
    const double factor = factor_.at(context, original_);
    if (factor <= 1) return 1;
    return std::sqrt(1 + std::log(factor) / std::log(original_(context.shape)));
  }

  /// The first tokens turn with the unscaled frequencies, as queries and as keys.
  void keep_first_tokens(RotaryPlan& plan, const Eigen::ArrayXd& plain) const {
    require_plain_positions(plan, name);
    plan.inv_freq.push_back(plain);
    plan.rulers.push_back({plan.rulers[0].position, 1});
    plan.views = {{0, 0}, {0, 1}, {1, 1}};
    SpanTable spans;
    for (int64_t query = 0; query < plan.length(); ++query) {
      const int64_t first = std::min(unscaled_, query + 1);
      spans.push_row(std::array<Span, 2>{Span{0, first, query < unscaled_ ? 2 : 1},
                                         Span{first, query + 1, 0}});
    }
    plan.spans = std::move(spans);
  }

  OriginalLength original_;
  Factor factor_;
  std::vector<double> short_;
  std::vector<double> long_;
  std::optional<double> attention_factor_;
  int64_t unscaled_;
};

}  // namespace

Scaling make_longrope(base::StrictObject& params) { return std::make_unique<LongRope>(params); }

}  // namespace scalings
