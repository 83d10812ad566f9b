#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/checkpoint/audit/finding.h"
#include "harness/checkpoint/audit/naming.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/raw_config.h"
#include "harness/checkpoint/safetensors_archive.h"
#include "harness/checkpoint/tokenizer_config.h"

namespace audit {

/// What could be read of a checkpoint that nobody vouches for. Whatever is missing or broken is a
/// finding, not an error.
struct Subject {
  std::string path;  ///< as given
  checkpoint::Links links = checkpoint::Links::none;
  std::vector<std::string> entries;
  std::optional<checkpoint::RawConfig> config;
  std::optional<checkpoint::TokenizerConfig> tokenizer;
  std::vector<NamedShape> tensors;
  std::string tensors_from;  ///< file or table they were read from; empty when there are none
  /// The weights themselves, when safetensors files are there; never touched beyond their headers
  /// unless weights are compared or written.
  std::shared_ptr<const checkpoint::SafetensorsArchive> archive;
  Findings findings;
};

/// Reads config.json, tokenizer_config.json and the headers of the safetensors files, or a table of
/// names and shapes (tensors.json) in their place. Opens nothing outside the folder, executes
/// nothing; symbolic links are not followed unless `links` says so. Throws base::Error only when
/// `path` is no folder.
Subject read_subject(const std::filesystem::path& path,
                     checkpoint::Links links = checkpoint::Links::none);

}  // namespace audit
