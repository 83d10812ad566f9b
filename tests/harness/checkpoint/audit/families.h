#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace audit {

/// A tensor whose role is known: written down here once more, from the families' own code, so that
/// the table in architecture.cpp is not its own judge.
struct Known {
  std::string_view role;
  std::vector<int64_t> shape;
  bool per_layer;
};

struct Sizes {
  int64_t hidden = 0, query = 0, key_value = 0, inner = 0, vocabulary = 0, layers = 0;
};

std::vector<Known> llama(const Sizes& s, bool tied = false);
std::vector<Known> qwen2(const Sizes& s, bool tied = false);
std::vector<Known> fully_biased(const Sizes& s);

struct Case {
  std::string_view name;
  std::string_view family;
  std::vector<Known> tensors;
  int64_t layers;
};

/// Every family, with the corners that make shapes coincide.
std::vector<Case> cases();

/// The roles that no shape tells from this one: all that a correct inference leaves as candidates.
std::vector<std::string_view> inseparable(const Case& example, const Known& known,
                                          bool with_layers);

}  // namespace audit
