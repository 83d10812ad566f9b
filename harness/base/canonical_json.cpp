#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "harness/base/json.h"
#include "harness/base/json_values.h"

namespace base {

std::string canonical_json(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      std::string out = "{";
      for (const auto& [key, member] : value.items()) {
        if (out.size() > 1) out += ',';
        out += Json(key).dump() + ":" + canonical_json(member);
      }
      return out + "}";
    }
    case Json::value_t::array: {
      std::string out = "[";
      for (const Json& member : value) {
        if (out.size() > 1) out += ',';
        out += canonical_json(member);
      }
      return out + "]";
    }
    case Json::value_t::number_float: {
      const double number = value.get<double>();
      if (!std::isfinite(number))
        throw std::invalid_argument("canonical_json: not a finite number");
      if (const auto integer = whole_number(value)) return std::to_string(*integer);
      return fmt::format("{:.17g}", number);
    }
    default:
      return value.dump();
  }
}

}  // namespace base
