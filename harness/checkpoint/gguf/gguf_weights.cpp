#include "harness/checkpoint/gguf/gguf_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/fingerprint_cache.h"
#include "harness/checkpoint/gguf/gguf_blocks.h"
#include "harness/checkpoint/gguf/gguf_roles.h"
#include "harness/checkpoint/roles.h"

namespace checkpoint {
namespace {

std::optional<DType> stored_as_is(const GgufType& type) {
  if (type.name == "F32") return DType::f32;
  if (type.name == "F16") return DType::f16;
  if (type.name == "BF16") return DType::bf16;
  return {};
}

/// Whether the file stores the role's rows pair by pair.
bool is_interleaved(Role role) {
  return role == Role::query || role == Role::key || role == Role::query_bias ||
         role == Role::key_bias;
}

int64_t elements_of_row(const GgufTensor& tensor) {
  return tensor.elements() / tensor.shape.front();
}

/// The stored row that is row `row` of the half-split layout. Rows i and i + d/2 of a head turn
/// together, and the file has them side by side, at 2 i and 2 i + 1.
int64_t interleaved_row(int64_t row, int64_t head_dim) {
  const int64_t half = head_dim / 2;
  return row / head_dim * head_dim + row % half * 2 + row % head_dim / half;
}

}  // namespace

GgufWeights::GgufWeights(LlamaSpec spec, std::shared_ptr<const MappedFile> file,
                         const GgufHeader& header, std::vector<std::string>& unmatched)
    : spec_(std::move(spec)), file_(std::move(file)) {
  base::Problems problems(base::few_problems);  // wrong metadata make every tensor wrong
  const auto add = [&](const std::string& name, std::string cause, std::string next = {}) {
    problems.add(fmt::format("tensor \"{}\"", name), std::move(cause), std::move(next));
  };
  std::map<std::pair<Role, int64_t>, const GgufTensor*> found;
  for (const GgufTensor& tensor : header.tensors) {
    const auto at = gguf_role_of(tensor.name);
    if (!at) {
      unmatched.push_back(tensor.name);
      continue;
    }
    const auto [claimed, is_new] = found.try_emplace({at->role, at->layer}, &tensor);
    if (!is_new) {
      add(tensor.name,
          fmt::format("is the {} of layer {}, and so is \"{}\"", checkpoint::name_of(at->role),
                      at->layer, claimed->second->name),
          "keep one of the two");
    }
  }
  for (const RoleAt& at : all_roles(spec_)) {
    const auto entry = found.find({at.role, at.layer});
    if (entry == found.end()) {
      add(gguf_name(at), "is implied by the metadata and missing");
      continue;
    }
    const GgufTensor& tensor = *entry->second;
    const auto shape = role_shape(spec_, at.role);
    if (tensor.shape != shape) {
      add(tensor.name, fmt::format("has shape [{}], but the metadata imply [{}]",
                                   fmt::join(tensor.shape, ", "), fmt::join(shape, ", ")));
    } else if (is_interleaved(at.role) && elements_of_row(tensor) % tensor.type->elements != 0) {
      add(tensor.name, fmt::format("has type {}, whose blocks span rows that must change places",
                                   tensor.type->name));
    }
    if (!tensor.type->is_computable) {
      add(tensor.name,
          fmt::format("has type {}, which cannot be computed with", tensor.type->name));
    }
    tensor_of_.emplace(entry->first, tensor);
    if (is_interleaved(at.role) || !stored_as_is(*tensor.type)) converted_.insert(at.role);
    found.erase(entry);
  }
  problems.throw_if_any(file_->path().string());
  for (const auto& [at, tensor] : found) unmatched.push_back(tensor->name);
}

const GgufTensor& GgufWeights::stored(Role role, int64_t layer) const {
  const auto found = tensor_of_.find({role, is_per_layer(role) ? layer : 0});
  if (found == tensor_of_.end()) {
    throw base::Error(
        base::Fault::input, file_->path().string(),
        base::Problem{fmt::format("layer {}", layer),
                      fmt::format("the model has no {}", checkpoint::name_of(role)), ""});
  }
  return found->second;
}

TensorView GgufWeights::tensor(Role role, int64_t layer) const {
  return rows(role, layer, 0, stored(role, layer).shape.front());
}

TensorView GgufWeights::rows(Role role, int64_t layer, int64_t first, int64_t count) const {
  const GgufTensor& tensor = stored(role, layer);
  const auto bytes =
      file_->bytes().subspan(static_cast<size_t>(tensor.begin), static_cast<size_t>(tensor.bytes));
  const int64_t row_elements = elements_of_row(tensor);
  const auto bytes_of = [&](int64_t n) {  // rows, whole blocks together
    return static_cast<size_t>(n * row_elements / tensor.type->elements * tensor.type->bytes);
  };
  const auto stored_rows = [&](int64_t row, int64_t n) {
    return bytes.subspan(bytes_of(row), bytes_of(n));
  };
  std::vector<int64_t> shape = tensor.shape;
  shape.front() = count;
  if (const auto dtype = stored_as_is(*tensor.type); dtype && !is_interleaved(role)) {
    return {*dtype, std::move(shape), stored_rows(first, count), file_};
  }
  const auto elements = static_cast<size_t>(count * row_elements);
  const std::shared_ptr<float[]> owner = std::make_shared_for_overwrite<float[]>(elements);
  const std::span<float> values(owner.get(), elements);
  if (is_interleaved(role)) {
    for (int64_t row = 0; row < count; ++row) {
      dequantize(*tensor.type, stored_rows(interleaved_row(first + row, spec_.head_dim), 1),
                 values.subspan(static_cast<size_t>(row * row_elements),
                                static_cast<size_t>(row_elements)));
    }
  } else {
    dequantize(*tensor.type, stored_rows(first, count), values);
  }
  return {DType::f32, std::move(shape), std::as_bytes(values), owner};
}

bool GgufWeights::is_converted(Role role) const { return converted_.contains(role); }

std::string GgufWeights::fingerprint() const {
  const FileIdentity& id = file_->identity();
  const base::Json identity = {{"version", 1},
                               {"gguf", {id.device, id.inode, id.size, id.modified_nanoseconds}}};
  const std::string key = base::sha256_hex(base::canonical_json(identity));
  const FingerprintCache cache;
  if (const auto known = cache.find(key)) return *known;
  std::string fingerprint = base::sha256_hex(file_->bytes());
  cache.keep(key, fingerprint);
  return fingerprint;
}

}  // namespace checkpoint
