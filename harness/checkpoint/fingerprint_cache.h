#pragma once

#include <optional>
#include <string>

namespace checkpoint {

/// Remembers slow hashes from one run to the next, in the user's cache folder
/// ($XDG_CACHE_HOME/ropewalk, else $HOME/.cache/ropewalk). A cache is a convenience: what cannot be
/// read is not there, and what cannot be written is silently not kept.
class FingerprintCache {
 public:
  FingerprintCache();

  /// `key`: SHA-256 of whatever determines the value (files by inode, size and time).
  std::optional<std::string> find(const std::string& key) const;
  void keep(const std::string& key, const std::string& fingerprint) const;

 private:
  std::string folder_;  ///< empty: no cache
};

}  // namespace checkpoint
