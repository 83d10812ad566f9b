#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/audit/finding.h"
#include "harness/checkpoint/audit/naming.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/raw_config.h"
#include "harness/checkpoint/safetensors_archive.h"
#include "harness/checkpoint/tokenizer_config.h"
#include "harness/checkpoint/weights.h"

namespace audit {

/// A length that a publisher states elsewhere than in the files that tools read.
struct Statement {
  int64_t length = 0;  ///< tokens
  std::string source;  ///< where it is stated, in words
};

/// What could be read of a checkpoint that nobody vouches for. Whatever is missing or broken is a
/// finding, not an error.
struct Subject {
  std::string path;      ///< as given
  bool is_gguf = false;  ///< one file that holds everything: no folder, no config.json
  checkpoint::Links links = checkpoint::Links::none;
  std::vector<std::string> entries;
  std::optional<checkpoint::RawConfig> config;
  std::optional<checkpoint::TokenizerConfig> tokenizer;
  std::vector<std::string> companions_with_code;  ///< further JSON files with an auto_map
  std::vector<Statement> statements;
  std::vector<NamedShape> tensors;
  std::string tensors_from;  ///< file or table they were read from; empty when there are none
  /// The weights themselves, when safetensors files are there; never touched beyond their headers
  /// unless weights are compared or written.
  std::shared_ptr<const checkpoint::SafetensorsArchive> archive;
  std::shared_ptr<const checkpoint::Weights> gguf_weights;  ///< those of a GGUF file
  Findings findings;
};

/// Reads claims.json, which notes what a model card says:
///
///     { "schema_version": 1, "claims": [ { "length": 32768, "source": "README of 2023-11-04" } ] }
///
/// Throws base::Error(Fault::input) with the JSON path. `file` names it in messages.
std::vector<Statement> parse_statements(std::string_view text, const std::string& file);

/// Reads config.json, tokenizer_config.json and its like, claims.json, and the headers of the
/// safetensors files, or a table of names and shapes (tensors.json) in their place. Opens nothing
/// outside the folder, executes nothing; symbolic links are not followed unless `links` says so.
/// Of a GGUF file (a path that ends in .gguf): its header, and the config.json beside it.
/// Throws base::Error only when `path` is neither a folder nor a GGUF file.
Subject read_subject(const std::filesystem::path& path,
                     checkpoint::Links links = checkpoint::Links::none);

}  // namespace audit
