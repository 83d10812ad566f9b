#include "harness/base/with_commas.h"

#include <fmt/format.h>

namespace base {

std::string with_commas(int64_t number) {
  if (number < 0) return fmt::format("-{}", with_commas(-number));
  if (number < 1000) return fmt::format("{}", number);
  return fmt::format("{},{:03}", with_commas(number / 1000), number % 1000);
}

}  // namespace base
