#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sweep {

/// NumPy's .npy format, version 1.0, for one-dimensional little-endian float32.
std::string to_npy(const std::vector<float>& values);

/// Throws base::Error(Fault::io) naming the file when it is anything else: what was written there
/// is no longer what it was.
std::vector<float> read_npy(const std::filesystem::path& file);

}  // namespace sweep
