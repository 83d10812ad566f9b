#include "harness/checkpoint/llama_families.h"

#include <algorithm>
#include <array>

namespace checkpoint {
namespace {

constexpr std::array<Family, 4> families{{
    {"llama", 1e4, 1e-6, 0, 2048, Slides::never, 0, false},
    {"mistral", 1e4, 1e-6, 8, 131072, Slides::always, 4096, false},
    {"qwen2", 1e4, 1e-6, 32, 32768, Slides::when_asked, 4096, true},
    {"Yi", 5e6, 1e-5, 4, 4096, Slides::never, 0, false},
}};

}  // namespace

std::span<const Family> llama_families() { return families; }

const Family* find_llama_family(std::string_view model_type) {
  const auto found = std::find_if(families.begin(), families.end(), [&](const Family& family) {
    return family.model_type == model_type;
  });
  return found == families.end() ? nullptr : &*found;
}

}  // namespace checkpoint
