#include "harness/checkpoint/checkpoint.h"

#include "harness/base/error.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/gguf/gguf_config.h"
#include "harness/checkpoint/gguf/gguf_weights.h"
#include "harness/checkpoint/hf_weights.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/raw_config.h"
#include "harness/checkpoint/safetensors_archive.h"
#include "scalings/stated_length.h"

namespace checkpoint {
namespace {

Checkpoint open_gguf(const std::filesystem::path& path) {
  const auto file = MappedFile::open_named(path);
  const GgufHeader header = parse_gguf(file->text(), path.string());
  Checkpoint opened;
  opened.config_file = path.string();
  opened.config = gguf_config(header, file->text(), path.string(), opened.warnings);
  opened.spec = gguf_spec(opened.config, header, path.string(), opened.warnings);
  for (std::string& warning : opened.warnings) warning = path.string() + ": " + warning;
  opened.weights = std::make_unique<GgufWeights>(opened.spec, file, header, opened.unmatched);
  // Its divisors are part of the configuration.
  std::erase(opened.unmatched, "rope_freqs.weight");
  return opened;
}

}  // namespace

int64_t length_before_scaling(const Checkpoint& opened) {
  base::Problems problems;
  const auto stated = scalings::length_before_scaling(opened.config, problems);
  problems.throw_if_any(opened.config_file);
  return stated ? stated->tokens : opened.spec.max_position_embeddings;
}

bool is_gguf(const std::filesystem::path& path) { return path.extension() == ".gguf"; }

Checkpoint open(const std::filesystem::path& path) {
  if (is_gguf(path)) return open_gguf(path);
  const Directory directory(path);
  if (!directory.has("config.json")) {
    base::reject((path / "config.json").string(), "", "no such file", what_to_name);
  }
  const RawConfig config = RawConfig::read(directory);
  Checkpoint opened;
  opened.config = config.json();
  opened.config_file = config.file();
  opened.spec = read_llama_spec(config, opened.warnings);
  for (std::string& warning : opened.warnings) warning = config.file() + ": " + warning;
  SafetensorsArchive archive(directory);
  opened.warnings.insert(opened.warnings.end(), archive.warnings().begin(),
                         archive.warnings().end());
  opened.weights =
      std::make_unique<HfWeights>(opened.spec, std::move(archive), path.string(), opened.unmatched);
  return opened;
}

}  // namespace checkpoint
