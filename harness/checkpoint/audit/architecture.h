#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace audit {

/// The sizes that the shapes of a transformer's tensors are made of.
enum class Dim {
  hidden,
  query,         ///< rows of the query: heads x head_dim
  key_value,     ///< rows of the key: key/value heads x head_dim
  intermediate,  ///< rows of the feed-forward
  vocabulary,
  positions,     ///< of a learned position embedding
  fused,         ///< rows of query, key and value in one tensor
  three_hidden,  ///< 3 x hidden
  frequencies,   ///< of a stored rotary table: head_dim / 2
  one,           ///< of a stored causal mask, whose first two extents are 1
};
constexpr size_t dim_count = 10;
using Dims = std::array<int64_t, dim_count>;  ///< by Dim; 0 where an architecture has none

std::string_view name_of(Dim dim);

/// One tensor of an architecture.
struct Slot {
  std::string_view role;
  std::string_view name;  ///< where it is at home; {} stands for the layer's number
  std::vector<Dim> shape;
  bool per_layer;
};

/// What tensors a kind of transformer has, as symbols.
struct Architecture {
  std::string_view family;   ///< "LLaMA", "Falcon (one norm a layer)", ...
  std::string variant;       ///< what is added to or left out of the plain form; may be empty
  std::vector<Slot> slots;   ///< in the order of a forward pass
  std::string_view remarks;  ///< how it differs from LLaMA; empty for LLaMA
};

/// LLaMA in all its variants (biases as in Qwen2, tied head, stored rotary frequencies), Falcon
/// with one and with two norms, GPT-2 and GPT-J with and without the causal masks that old files
/// store.
const std::vector<Architecture>& architectures();

/// The LLaMA family: also Mistral, Qwen2 and Yi, which differ from LLaMA in config and names only.
bool is_llama(const Architecture& architecture);

}  // namespace audit
