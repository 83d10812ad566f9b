#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scalings/catalog.h"
#include "scalings/plan.h"

namespace scalings {

/// A context of one layer; Llama 2's theta and trained length unless told otherwise.
Context context(int64_t head_dim, int64_t length, double theta = 10000,
                int64_t trained_length = 4096);

/// A chain as an experiment writes it.
Chain chain(std::string_view json);

/// The plan of a chain of one context.
RotaryPlan plan(std::string_view json, const Context& context);

/// What a wrong chain or context answers: the error's text; "" when nothing is wrong.
std::string error_of(std::string_view json, const Context& context);

/// The distances of a query to keys 0 .. query, "x" where a key is not attended: "4.5 4 x 2 1 0".
std::string row(const RotaryPlan& plan, int64_t query);

/// Numbers separated by blanks.
std::vector<double> numbers(std::string_view text);

/// Largest |actual / expected - 1|; infinite where sizes differ or only one of the two is zero.
double relative_error(const Eigen::ArrayXd& actual, const std::vector<double>& expected);
double relative_error(const Eigen::ArrayXd& actual, const Eigen::ArrayXd& expected);

}  // namespace scalings
