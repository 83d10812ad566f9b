#include "harness/checkpoint/hf_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/fingerprint_cache.h"
#include "harness/checkpoint/roles.h"

namespace checkpoint {
namespace {

std::string quoted(const std::string& name) { return fmt::format("tensor \"{}\"", name); }

}  // namespace

HfWeights::HfWeights(LlamaSpec spec, SafetensorsArchive archive, const std::string& directory,
                     std::vector<std::string>& unmatched)
    : spec_(std::move(spec)), archive_(std::move(archive)), directory_(directory) {
  base::Problems problems(base::few_problems);  // a wrong config makes every tensor wrong
  for (const auto& [name, tensor] : archive_.tensors()) {
    const auto at = role_of(name);
    if (!at) {
      unmatched.push_back(name);
      continue;
    }
    const auto [claimed, is_new] = name_of_.try_emplace({at->role, at->layer}, name);
    if (!is_new) {
      problems.add(quoted(name),
                   fmt::format("is the {} of layer {}, and so is \"{}\"",
                               checkpoint::name_of(at->role), at->layer, claimed->second),
                   "keep one of the two");
    }
  }
  auto unused = name_of_;
  for (const RoleAt& at : all_roles(spec_)) {
    const auto found = name_of_.find({at.role, at.layer});
    if (found == name_of_.end()) {
      problems.add(quoted(standard_name(at)), "is implied by config.json and missing",
                   at.role == Role::head ? "set tie_word_embeddings when the head is the embedding"
                                         : "check config.json against the weights");
      continue;
    }
    unused.erase({at.role, at.layer});
    const TensorEntry& entry = archive_.tensors().at(found->second).entry;
    const auto shape = role_shape(spec_, at.role);
    if (entry.shape != shape) {
      problems.add(quoted(entry.name),
                   fmt::format("has shape [{}], but config.json implies [{}]",
                               fmt::join(entry.shape, ", "), fmt::join(shape, ", ")),
                   "check config.json against the weights");
    }
    if (!computable_dtype(entry.dtype)) {
      problems.add(quoted(entry.name),
                   fmt::format("has dtype {}, which cannot be computed with", entry.dtype),
                   "convert it to F32, F16 or BF16");
    }
  }
  problems.throw_if_any(directory_);
  for (const auto& [at, name] : unused) {
    unmatched.push_back(name);
    name_of_.erase(at);
  }
}

TensorView HfWeights::tensor(Role role, int64_t layer) const {
  const auto found = name_of_.find({role, is_per_layer(role) ? layer : 0});
  if (found == name_of_.end()) {
    throw base::Error(
        base::Fault::input, directory_,
        base::Problem{fmt::format("layer {}", layer),
                      fmt::format("the model has no {}", checkpoint::name_of(role)), ""});
  }
  const SafetensorsArchive::Tensor& tensor = archive_.tensors().at(found->second);
  return {*computable_dtype(tensor.entry.dtype), tensor.entry.shape, archive_.bytes(tensor),
          archive_.files()[tensor.file]};
}

std::string HfWeights::fingerprint() const {
  base::Json identity = {{"version", 1}, {"files", base::Json::array()}};
  for (const auto& file : archive_.files()) {
    const FileIdentity& id = file->identity();
    identity["files"].push_back({id.device, id.inode, id.size, id.modified_nanoseconds});
  }
  for (const auto& [at, name] : name_of_) {
    identity["tensors"].push_back({static_cast<int>(at.first), at.second, name});
  }
  const std::string key = base::sha256_hex(base::canonical_json(identity));
  const FingerprintCache cache;
  if (const auto known = cache.find(key)) return *known;

  base::Sha256 hash;
  for (const RoleAt& at : all_roles(spec_)) {
    const TensorView view = tensor(at.role, at.layer);
    hash.update(fmt::format("{} {} {} [{}]\n", checkpoint::name_of(at.role), at.layer,
                            safetensors_name(view.dtype), fmt::join(view.shape, ",")));
    hash.update(view.bytes);
  }
  std::string fingerprint = hash.hex();
  cache.keep(key, fingerprint);
  return fingerprint;
}

}  // namespace checkpoint
