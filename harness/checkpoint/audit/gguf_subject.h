#pragma once

#include <filesystem>
#include <vector>

#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// Reads a GGUF file that nobody vouches for: its header, its metadata as the config.json and the
/// tokenizer that they stand for, and of the folder around it only config.json, for a scaling that
/// the file has lost. Only symbolic links that `links` allows are followed. What could not be used
/// by the scorer is a finding. Throws base::Error only when there is no such file.
Subject read_gguf_subject(const std::filesystem::path& path, checkpoint::Links links);

/// A name that GGUF gives to the role is the role's own name in such a file.
void take_gguf_names_for_granted(std::vector<NamedRole>& names);

}  // namespace audit
