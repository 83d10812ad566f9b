#include "harness/checkpoint/safetensors_archive.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "harness/base/error.h"
#include "harness/checkpoint/pickle.h"
#include "harness/checkpoint/safetensors_index.h"

namespace checkpoint {
namespace {

constexpr std::string_view single_name = "model.safetensors";
constexpr std::string_view index_name = "model.safetensors.index.json";

[[noreturn]] void fail_without_weights(const Directory& directory) {
  std::vector<std::string> pickles;
  for (const std::string& name : directory.names()) {
    if (is_pickle_name(name)) pickles.push_back(name);
  }
  if (!pickles.empty()) {
    throw base::Error(
        base::Fault::input, (directory.root() / pickles.front()).string(),
        base::Problem{"",
                      fmt::format("{} the only weights here, and pickle files can run code when "
                                  "they are loaded: they are never read",
                                  pickles.size() == 1 ? "is" : "and its like are"),
                      "convert them to safetensors on a machine you can lose"});
  }
  throw base::Error(base::Fault::input, directory.root().string(),
                    base::Problem{"", fmt::format("has neither {} nor {}", single_name, index_name),
                                  "download the checkpoint's weights"});
}

}  // namespace

SafetensorsArchive::SafetensorsArchive(const Directory& directory) {
  if (directory.has(single_name)) {
    if (directory.has(index_name)) {
      warnings_.push_back(
          fmt::format("both {} and {} are there: the first is read", single_name, index_name));
    }
    add_file(directory, std::string(single_name));
    return;
  }
  if (!directory.has(index_name)) fail_without_weights(directory);

  const std::string index_path = (directory.root() / index_name).string();
  const SafetensorsIndex index =
      parse_safetensors_index(directory.read_text(index_name), index_path);
  std::set<std::string> shards;
  for (const auto& [tensor, file] : index.file_of) shards.insert(file);
  base::Problems problems;
  for (const std::string& shard : shards) {
    if (!directory.has(shard)) {
      problems.add("/weight_map", fmt::format("names {}, which is missing", shard),
                   "download the missing shard");
    }
  }
  problems.throw_if_any(index_path);
  for (const std::string& shard : shards) add_file(directory, shard);

  int64_t total = 0;
  for (const auto& [name, tensor] : tensors_) {
    total += tensor.entry.bytes();
    if (!index.file_of.contains(name)) {
      warnings_.push_back(fmt::format("{}: tensor \"{}\" of {} is not in the index", index_path,
                                      name, files_[tensor.file]->path().filename().string()));
    }
  }
  for (const auto& [name, file] : index.file_of) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || files_[found->second.file]->path().filename() != file) {
      problems.add("/weight_map",
                   fmt::format("places tensor \"{}\" in {}, which does not hold it", name, file));
    }
  }
  problems.throw_if_any(index_path);
  if (index.total_size && *index.total_size != total) {
    warnings_.push_back(fmt::format("{}: /metadata/total_size says {}, the shards hold {} bytes",
                                    index_path, *index.total_size, total));
  }
}

void SafetensorsArchive::add_file(const Directory& directory, const std::string& name) {
  const auto file = directory.map(name);
  const std::string path = (directory.root() / name).string();
  SafetensorsHeader header = parse_safetensors_header(file->text(), file->identity().size, path);
  files_.push_back(file);
  for (TensorEntry& entry : header.tensors) {
    const std::string tensor = entry.name;
    const auto [at, is_new] =
        tensors_.try_emplace(tensor, Tensor{std::move(entry), files_.size() - 1});
    if (!is_new) {
      throw base::Error(
          base::Fault::input, path,
          base::Problem{
              fmt::format("tensor \"{}\"", tensor),
              fmt::format("is also in {}", files_[at->second.file]->path().filename().string()),
              ""});
    }
  }
}

std::span<const std::byte> SafetensorsArchive::bytes(const Tensor& tensor) const {
  return files_[tensor.file]->bytes().subspan(static_cast<size_t>(tensor.entry.begin),
                                              static_cast<size_t>(tensor.entry.bytes()));
}

}  // namespace checkpoint
