#include "harness/checkpoint/fingerprint_cache.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.h"

namespace checkpoint {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_fingerprint(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

FingerprintCache::FingerprintCache() {
  const std::string cache = environment("XDG_CACHE_HOME");
  const std::string home = environment("HOME");
  // The XDG specification has relative paths ignored.
  if (fs::path(cache).is_absolute()) {
    folder_ = cache + "/ropewalk/fingerprints";
  } else if (fs::path(home).is_absolute()) {
    folder_ = home + "/.cache/ropewalk/fingerprints";
  }
}

std::optional<std::string> FingerprintCache::find(const std::string& key) const {
  if (folder_.empty()) return {};
  try {
    const std::string found = base::read_file(folder_ + "/" + key);
    if (is_fingerprint(found)) return found;
  } catch (const std::exception&) {
  }
  return {};
}

void FingerprintCache::keep(const std::string& key, const std::string& fingerprint) const {
  if (folder_.empty()) return;
  try {
    fs::create_directories(folder_);
    base::write_file_atomically(folder_ + "/" + key, fingerprint);
  } catch (const std::exception&) {
  }
}

}  // namespace checkpoint
