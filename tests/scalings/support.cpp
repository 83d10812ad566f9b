#include "tests/scalings/support.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace scalings {

Context context(int64_t head_dim, int64_t length, double theta, int64_t trained_length) {
  return {.shape = {.head_dim = head_dim,
                    .rotary_dim = head_dim,
                    .theta = theta,
                    .trained_length = trained_length},
          .length = length,
          .layer = 0,
          .layers = 1};
}

Chain chain(std::string_view json) {
  return make_chain(base::parse_json(json, "chain.json"), "chain.json");
}

RotaryPlan plan(std::string_view json, const Context& context) {
  return make_plan(chain(json), context);
}

std::string error_of(std::string_view json, const Context& context) {
  try {
    plan(json, context);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::string row(const RotaryPlan& plan, int64_t query) {
  std::string text;
  for (int64_t key = 0; key <= query; ++key) {
    const auto measured = distance(plan, query, key);
    if (key > 0) text += ' ';
    text += measured ? fmt::format("{}", *measured) : "x";
  }
  return text;
}

std::vector<double> numbers(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<double> out;
  for (double number = 0; stream >> number;) out.push_back(number);
  return out;
}

double relative_error(const Eigen::ArrayXd& actual, const std::vector<double>& expected) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (actual.size() != static_cast<int64_t>(expected.size())) return infinite;
  double largest = 0;
  for (int64_t i = 0; i < actual.size(); ++i) {
    const double wanted = expected[static_cast<size_t>(i)];
    if (actual[i] == wanted) continue;
    const double error = std::abs(actual[i] / wanted - 1);
    largest = std::isfinite(error) ? std::max(largest, error) : infinite;
  }
  return largest;
}

double relative_error(const Eigen::ArrayXd& actual, const Eigen::ArrayXd& expected) {
  return relative_error(actual, std::vector<double>(expected.begin(), expected.end()));
}

}  // namespace scalings
