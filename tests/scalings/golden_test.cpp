#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>
#include <set>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "scalings/blend.h"
#include "tests/scalings/support.h"

// tests/goldens/frequencies is written by scripts/make_goldens.py, which shares nothing with us.
namespace scalings {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr double frequency_tolerance = 1e-12;  // relative; a wanted 0 must be 0
constexpr double angle_tolerance = 1e-9;       // radians, modulo 2 pi

const fs::path frequency_goldens = fs::path(ROPEWALK_SOURCE_DIR) / "tests/goldens/frequencies";

Json cases(const fs::path& path) {
  return base::parse_json(base::read_file(path), path.filename().string()).at("cases");
}

Context context_of(const Json& golden) {
  return {.shape = {.head_dim = golden.at("head_dim"),
                    .rotary_dim = golden.at("rotary_dim"),
                    .theta = golden.at("theta"),
                    .trained_length = golden.at("trained_length")},
          .length = golden.at("length"),
          .layer = 0,
          .layers = 1};
}

/// The frequencies that turn one token, as query and as key.
const Eigen::ArrayXd& frequencies_of(const RotaryPlan& plan, int64_t token) {
  const View& own = plan.views.at(static_cast<size_t>(plan.spans.row(token).back().view));
  const Ruler& ruler = plan.rulers.at(static_cast<size_t>(own.query));
  return plan.inv_freq.at(static_cast<size_t>(ruler.frequencies));
}

double angle_error(double angle, double wanted) {
  return std::abs(std::remainder(angle - wanted, 2 * std::numbers::pi));
}

/// The first thing in which a plan differs from its golden, or "".
std::string difference(const RotaryPlan& plan, const Json& golden) {
  const auto apart = [](double actual, double wanted) {
    return relative_error(Eigen::ArrayXd::Constant(1, actual), std::vector{wanted}) >
           frequency_tolerance;
  };
  const Json& sets = golden.at("inv_freq");
  const Json tokens = golden.value("token_sets", Json{{"at", {plan.length() - 1}}, {"set", {0}}});
  for (size_t i = 0; i < tokens.at("at").size(); ++i) {
    const int64_t token = tokens.at("at")[i];
    const std::vector<double> wanted = sets.at(tokens.at("set")[i].get<size_t>());
    const double error = relative_error(frequencies_of(plan, token), wanted);
    if (error > frequency_tolerance) {
      return fmt::format("inv_freq of token {} is off by {:.2g}", token, error);
    }
  }
  if (apart(plan.magnitude, golden.at("magnitude"))) {
    return fmt::format("magnitude {:.17g}", plan.magnitude);
  }
  if (apart(plan.theta, golden.at("theta_after"))) return fmt::format("theta {:.17g}", plan.theta);
  const Json& angles = golden.at("angles");
  const Eigen::ArrayXd& inv_freq = frequencies_of(plan, plan.length() - 1);
  for (size_t p = 0; p < angles.at("positions").size(); ++p) {
    for (size_t i = 0; i < angles.at("pairs").size(); ++i) {
      const double position = angles.at("positions")[p];
      const int64_t pair = angles.at("pairs")[i];
      const double wanted = angles.at("value_mod_2pi")[p][i];
      if (angle_error(position * inv_freq[pair], wanted) > angle_tolerance) {
        return fmt::format("angle of pair {} at position {}", pair, position);
      }
    }
  }
  const Json gain = golden.value("gain", Json{{"at", Json::array()}, {"value", Json::array()}});
  for (size_t i = 0; i < gain.at("at").size(); ++i) {
    const int64_t query = gain.at("at")[i];
    if (apart(plan.gain[query], gain.at("value")[i])) return fmt::format("gain of {}", query);
  }
  if (!golden.contains("gain") && !(plan.gain == 1).all()) return "gain is not 1";
  return "";
}

TEST(FrequencyGoldens, AgreeWithEveryPlan) {
  int64_t compared = 0;
  for (const auto& entry : fs::directory_iterator(frequency_goldens)) {
    if (entry.path().extension() != ".json") continue;
    for (const Json& golden : cases(entry.path())) {
      const Chain methods = make_chain(golden.at("chain"), entry.path().filename().string());
      const std::string found = difference(make_plan(methods, context_of(golden)), golden);
      EXPECT_EQ(found, "") << golden.at("chain") << " head_dim " << golden.at("head_dim")
                           << " theta " << golden.at("theta") << " length " << golden.at("length");
      ++compared;
    }
  }
  EXPECT_GE(compared, 500);
}

TEST(FrequencyGoldens, CoverEveryMethodThatLeavesPositionsAlone) {
  for (const Method& method : catalog()) {
    if (method.edits & Part::positions || method.edits == Part::none) continue;
    EXPECT_TRUE(fs::exists(frequency_goldens / (std::string(method.name) + ".json")))
        << method.name;
  }
}

/// Runs `break_it` on the plan of every case of one method; all broken plans must be told apart
/// where they really differ.
void expect_caught(const std::string& method, const std::function<bool(const Json&)>& concerns,
                   const std::function<void(RotaryPlan&, const Json&)>& break_it) {
  int64_t broken = 0;
  for (const Json& golden : cases(frequency_goldens / (method + ".json"))) {
    if (golden.at("chain").size() != 1 || !concerns(golden)) continue;
    RotaryPlan plan = make_plan(make_chain(golden.at("chain"), method), context_of(golden));
    break_it(plan, golden);
    EXPECT_NE(difference(plan, golden), "") << golden.at("chain");
    ++broken;
  }
  EXPECT_GE(broken, 3) << method;
}

bool always(const Json&) { return true; }
double stretch_of(const Json& golden) {
  const Json factor = golden.at("chain")[0].value("factor", Json(8));
  return factor.is_number() ? factor.get<double>() : 1;
}
bool stretches(const Json& golden) { return stretch_of(golden) > 1; }

TEST(FrequencyGoldens, CatchAnInvertedYarnRamp) {
  expect_caught("yarn", stretches, [](RotaryPlan& plan, const Json& golden) {
    const Eigen::ArrayXd plain = plain_frequencies(plan.theta, golden.at("rotary_dim"));
    plan.inv_freq[0] = plain + plain / stretch_of(golden) - plan.inv_freq[0];
  });
}

TEST(FrequencyGoldens, CatchAWrongExponent) {
  expect_caught("ntk", stretches, [](RotaryPlan& plan, const Json& golden) {
    const int64_t rotary_dim = golden.at("rotary_dim");
    const double theta =
        golden.at("theta").get<double>() * stretch_of(golden);  // s^1, not s^(d/(d-2))
    plan.theta = golden.at("theta_after");
    plan.inv_freq[0] = plain_frequencies(theta, rotary_dim);
  });
}

TEST(FrequencyGoldens, CatchSwappedLowAndHighFactors) {
  expect_caught("llama3", stretches, [](RotaryPlan& plan, const Json& golden) {
    const Json& params = golden.at("chain")[0];
    const double window =
        params.value("original_length", golden.at("trained_length").get<double>());
    plan.inv_freq[0] = blended_by_turns(plan.theta, golden.at("rotary_dim"), window,
                                        stretch_of(golden), params.value("high_freq_factor", 4.0),
                                        params.value("low_freq_factor", 1.0));
  });
}

TEST(FrequencyGoldens, CatchTwoUnitsInTheTwelfthDigitOfTheSlowestPair) {
  expect_caught("linear", always,
                [](RotaryPlan& plan, const Json&) { plan.inv_freq[0].tail(1) *= 1 + 2e-12; });
}

TEST(FrequencyGoldens, CatchASlowestPairThatIsZero) {
  expect_caught("yarn", always,
                [](RotaryPlan& plan, const Json&) { plan.inv_freq[0].tail(1) = 0; });
}

}  // namespace
}  // namespace scalings
