#include <cmath>

#include "scalings/log_n.h"
#include "scalings/methods.h"
#include "scalings/parameters.h"

namespace scalings {
namespace {

class LogN final : public RopeScaling {
 public:
  explicit LogN(base::StrictObject& params) : original_(params) {}

  nlohmann::json params() const override {
    return {{"type", "log_n/1"}, {"original_length", original_.json()}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    plan.gain *= log_n_gain(context.length, original_(context.shape));
  }

 private:
  OriginalLength original_;
};

/// 1 + scale ln(floor((m + offset) / floor_length) + 1): Llama 4 counts from m+1, Ministral from m.
class Temperature final : public RopeScaling {
 public:
  explicit Temperature(base::StrictObject& params)
      : scale_(params.number("scale", base::Bounds::at_least(0), 0.1)),
        floor_length_(params.integer("floor_length", 1, int64_t{1} << 31, 8192)),
        offset_(params.integer("offset", 0, int64_t{1} << 31, 1)) {}

  nlohmann::json params() const override {
    return {{"type", "temperature/1"},
            {"scale", scale_},
            {"floor_length", floor_length_},
            {"offset", offset_}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    for (int64_t query = 0; query < context.length; ++query) {
      const auto floors = static_cast<double>((query + offset_) / floor_length_);
      plan.gain[query] *= 1 + scale_ * std::log(floors + 1);
    }
  }

 private:
  double scale_;
  int64_t floor_length_;
  int64_t offset_;
};

}  // namespace

Scaling make_log_n(base::StrictObject& params) { return std::make_unique<LogN>(params); }
Scaling make_temperature(base::StrictObject& params) {
  return std::make_unique<Temperature>(params);
}

}  // namespace scalings
