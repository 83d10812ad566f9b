#include "harness/checkpoint/pickle.h"

#include <algorithm>
#include <array>

namespace checkpoint {

bool is_pickle_name(std::string_view file_name) {
  constexpr std::array<std::string_view, 6> endings{".bin",  ".pt",  ".pth",
                                                    ".ckpt", ".pkl", ".pickle"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return file_name.ends_with(ending); });
}

}  // namespace checkpoint
