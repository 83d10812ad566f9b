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

/// Rows of query or key weights in the half-split layout. Rows i and i + d/2 of a head turn
/// together, and the file has them side by side, at 2 i and 2 i + 1.
std::shared_ptr<std::vector<float>> half_split(const std::vector<float>& interleaved, int64_t rows,
                                               int64_t head_dim) {
  auto out = std::make_shared<std::vector<float>>(interleaved.size());
  const int64_t row = std::ssize(interleaved) / rows;
  const int64_t half = head_dim / 2;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t from = r / head_dim * head_dim + r % half * 2 + r % head_dim / half;
    std::copy_n(interleaved.begin() + from * row, row, out->begin() + r * row);
  }
  return out;
}

}  // namespace

GgufWeights::GgufWeights(LlamaSpec spec, std::shared_ptr<const MappedFile> file,
                         const GgufHeader& header, std::vector<std::string>& unmatched)
    : spec_(std::move(spec)), file_(std::move(file)) {
  base::Problems problems(base::few_problems);  // wrong metadata make every tensor wrong
  const auto add = [&](const std::string& name, std::string cause) {
    problems.add(fmt::format("tensor \"{}\"", name), std::move(cause));
  };
  std::map<std::pair<Role, int64_t>, const GgufTensor*> found;
  for (const GgufTensor& tensor : header.tensors) {
    if (const auto at = gguf_role_of(tensor.name)) {
      found[{at->role, at->layer}] = &tensor;
    } else {
      unmatched.push_back(tensor.name);
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

TensorView GgufWeights::tensor(Role role, int64_t layer) const {
  const auto found = tensor_of_.find({role, is_per_layer(role) ? layer : 0});
  if (found == tensor_of_.end()) {
    throw base::Error(
        base::Fault::input, file_->path().string(),
        base::Problem{fmt::format("layer {}", layer),
                      fmt::format("the model has no {}", checkpoint::name_of(role)), ""});
  }
  const GgufTensor& tensor = found->second;
  const auto bytes =
      file_->bytes().subspan(static_cast<size_t>(tensor.begin), static_cast<size_t>(tensor.bytes));
  if (const auto dtype = stored_as_is(*tensor.type); dtype && !is_interleaved(role)) {
    return {*dtype, tensor.shape, bytes, file_};
  }
  auto values = std::make_shared<std::vector<float>>(tensor.elements());
  dequantize(*tensor.type, bytes, *values);
  if (is_interleaved(role)) values = half_split(*values, tensor.shape[0], spec_.head_dim);
  return {DType::f32, tensor.shape, std::as_bytes(std::span(*values)), values};
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
