#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/checkpoint/llama_spec.h"

namespace checkpoint {

enum class DType { f32, f16, bf16 };

/// Read-only bytes of one tensor, row-major. `owner` keeps them alive (a mapping, or a buffer).
struct TensorView {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  ///< may be unaligned
  std::shared_ptr<const void> owner;
};

/// What a tensor does in a LLaMA. Linear weights are [out, in]; norms and biases are [n].
enum class Role {
  embedding,  ///< [vocabulary, hidden]
  input_norm,
  query,   ///< [heads * head_dim, hidden], rows in the half-split layout
  key,     ///< [kv_heads * head_dim, hidden], rows in the half-split layout
  value,   ///< [kv_heads * head_dim, hidden]
  output,  ///< [hidden, heads * head_dim]
  query_bias,
  key_bias,
  value_bias,
  output_bias,
  post_attention_norm,
  gate,  ///< [intermediate, hidden]
  up,    ///< [intermediate, hidden]
  down,  ///< [hidden, intermediate]
  gate_bias,
  up_bias,
  down_bias,
  final_norm,
  head,  ///< [vocabulary, hidden]; absent when tied
};

/// Named weights of one model, in the layout of Role. Formats that store something else (quantised
/// blocks, interleaved rows) convert on access, so that memory stays that of what is held.
class Weights {
 public:
  virtual ~Weights() = default;
  virtual const LlamaSpec& spec() const = 0;
  /// `layer` is ignored for embedding, final_norm and head. Throws base::Error when the model has
  /// no such tensor.
  virtual TensorView tensor(Role role, int64_t layer = 0) const = 0;
  /// Rows [first, first + count) of a matrix as tensor() gives them, without converting the others.
  virtual TensorView rows(Role role, int64_t layer, int64_t first, int64_t count) const;
  /// SHA-256 over all weight bytes; cached by inode, size and modification time.
  virtual std::string fingerprint() const = 0;
  /// Whether tensor() and rows() make a new buffer each time; else they show the mapped file.
  virtual bool is_converted(Role) const { return false; }
};

}  // namespace checkpoint
