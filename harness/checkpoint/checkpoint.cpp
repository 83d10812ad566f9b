#include "harness/checkpoint/checkpoint.h"

#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/hf_weights.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/raw_config.h"
#include "harness/checkpoint/safetensors_archive.h"

namespace checkpoint {

Checkpoint open(const std::filesystem::path& path) {
  const Directory directory(path);
  const RawConfig config = RawConfig::read(directory);
  Checkpoint opened;
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
