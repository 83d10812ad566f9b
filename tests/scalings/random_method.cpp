#include "tests/scalings/random_method.h"

#include <rapidcheck.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace scalings {
namespace {

using base::Json;

Json divisors(int64_t pairs) {
  std::vector<double> list(static_cast<size_t>(pairs));
  for (double& each : list) each = random_number(1, 16);
  return list;
}

/// Some value of a parameter, from its name where its range matters and else from its type.
Json value_of(const Parameter& parameter, const Json& chosen, int64_t pairs) {
  const std::string_view name = parameter.name;
  if (name == "factor") return random_number(1, 40);
  if (name == "beta_fast" || name == "beta") return random_number(8, 64);
  if (name == "beta_slow" || name == "alpha") return random_number(0.5, 4);
  if (name == "high_freq_factor") return random_number(2, 8);
  if (name == "low_freq_factor") return random_number(0.5, 1.5);
  if (name == "fraction") return random_number(0.05, 1);
  if (name == "period") return random_number(16, 10000);
  if (name == "exponent") return random_number(0, 4);
  if (name == "attention_factor" || name == "mscale" || name == "mscale_all_dim") {
    return random_number(0.5, 2);
  }
  if (name == "scale") return random_number(0, 1);
  if (name == "floor_length") return random_integer(1, 100);
  if (name == "offset") return random_integer(0, 1);
  if (name == "pairs") return random_integer(1, pairs);
  if (name == "original_length") return random_integer(7, 400);
  if (name == "unscaled_first_tokens") return random_integer(0, 9);
  if (name == "short_factor" || name == "long_factor") return divisors(pairs);
  if (name == "group") return random_integer(1, 6);
  if (name == "chunk") return random_integer(12, 60);
  if (name == "local") return random_integer(1, 11);
  if (name == "shift") return random_integer(20, 60);
  if (name == "global_tokens" || name == "sinks") return random_integer(0, 9);
  if (name == "distance_ceiling") return chosen.at("window").get<int64_t>() + random_integer(0, 9);
  if (name == "window") {  // a multiple of the group wherever that is asked for
    return random_integer(1, 20) * chosen.value("group", int64_t{1});
  }
  if (parameter.type == "boolean") return random_integer(0, 1) == 1;
  throw std::logic_error("random_method: no range for parameter " + std::string(name));
}

}  // namespace

int64_t random_integer(int64_t low, int64_t high) {
  return *rc::gen::inRange<int64_t>(low, high + 1);
}

double random_number(double low, double high) {
  return low + (high - low) * static_cast<double>(random_integer(0, 1000)) / 1000;
}

Json random_method(const Method& method, int64_t pairs) {
  Json made = {{"type", method.name}};
  if (method.name == "abf") {  // needs exactly one of its two
    if (random_integer(0, 1) == 1) {
      made["theta"] = random_number(20000, 5e6);
    } else {
      made["target_length"] = random_integer(500, 100000);
    }
    return made;
  }
  for (const Parameter& parameter : method.parameters) {
    const bool is_required = parameter.fallback.empty();
    if (!is_required && random_integer(0, 1) == 0) continue;
    Json value = value_of(parameter, made, pairs);
    if (method.name == "ntk_mixed" && parameter.name == "beta") value = random_number(0.2, 2);
    made[std::string(parameter.name)] = std::move(value);
  }
  return made;
}

Json random_method_of(unsigned parts, int64_t pairs) {
  std::vector<const Method*> fitting;
  for (const Method& method : catalog()) {
    if (method.edits & parts) fitting.push_back(&method);
  }
  const auto last = static_cast<int64_t>(fitting.size()) - 1;
  return random_method(*fitting[static_cast<size_t>(random_integer(0, last))], pairs);
}

}  // namespace scalings
